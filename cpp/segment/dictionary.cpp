#include "segment/dictionary.h"

#include <algorithm>

namespace aicodec {

using SharedConstPicture = std::shared_ptr<const Picture>;

Bytes write_screen_layer(const ScreenLayer& layer) {
  ByteWriter out;
  out.varint(layer.pictures.size());
  for (const uint64_t number : layer.pictures) out.varint(number);
  out.raw(layer.coded);
  return out.take();
}

Result<ScreenLayer> read_screen_layer(ByteSpan payload, const StreamHeader& header) {
  ByteReader in(payload);
  ScreenLayer layer;
  const uint64_t count = in.varint_up_to(kMaxListed);
  if (count * header.width * header.height > kMaxPixels) in.fail(Error::kTooLarge);
  for (uint64_t i = 0; in.ok() && i < count; ++i) {
    const uint64_t number = in.varint();
    if (std::find(layer.pictures.begin(), layer.pictures.end(), number) != layer.pictures.end())
      in.fail(Error::kBadValue);
    layer.pictures.push_back(number);
  }
  layer.coded = in.raw(in.remaining());
  AICODEC_TRY(in.status());
  return layer;
}

Result<SharedConstPicture> draw_dictionary_picture(ByteSpan payload, const StreamHeader& header,
                                                   unsigned threads) {
  const Dictionary none;
  const ScreenShape shape{header.format, header.width, header.height};
  const Result<std::unique_ptr<ScreenDecoder>> decoder =
      ScreenDecoder::create(payload, shape, /*frames=*/1, /*has_below=*/false, none);
  if (!decoder.ok()) return decoder.error();
  auto picture = std::make_shared<Picture>(shape.format, shape.width, shape.height);
  AICODEC_TRY(decoder.value()->draw(*picture, threads));
  return SharedConstPicture(std::move(picture));
}

Result<Dictionary> DictionaryView::load(const std::vector<uint64_t>& numbers) const {
  Dictionary pictures;
  for (const uint64_t number : numbers) {
    if (!source || number >= usable) return Error::kBadValue;
    Result<SharedConstPicture> picture = source->picture(number);
    if (!picture.ok()) return picture.error();
    pictures.push_back(std::move(picture).value());
  }
  return pictures;
}

Result<SharedConstPicture> PictureDictionary::picture(uint64_t number) {
  const auto found = pictures_.find(number);
  if (found == pictures_.end()) return Error::kBadValue;
  return found->second;
}

FileDictionary::FileDictionary(FileReader file) : file_(std::move(file)) {
  for (const IndexEntry& entry : file_.entries())
    if (entry.kind == IndexEntry::Kind::kDictionary) entries_.push_back(entry);
}

Result<SharedConstPicture> FileDictionary::picture(uint64_t number) {
  // Held while decoding, too: whoever wants the same picture at the same time waits instead of decoding it
  // again.
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(cache_.begin(), cache_.end(), [&](const Cached& c) { return c.number == number; });
  if (found != cache_.end()) {
    cache_.splice(cache_.begin(), cache_, found);
    return cache_.front().picture;
  }
  if (number >= entries_.size()) return Error::kBadValue;
  const Result<Bytes> payload = file_.payload(entries_[number]);
  if (!payload.ok()) return payload.error();
  Result<SharedConstPicture> picture =
      draw_dictionary_picture(payload.value(), file_.header(), /*threads=*/1);
  if (picture.ok()) keep({number, picture.value()});
  return picture;
}

void FileDictionary::keep(Cached cached) {
  cached_bytes_ += cached.picture->packed_size();
  cache_.push_front(std::move(cached));
  while (cached_bytes_ > kCacheBytes && cache_.size() > 1) {
    cached_bytes_ -= cache_.back().picture->packed_size();
    cache_.pop_back();
  }
}

}  // namespace aicodec
