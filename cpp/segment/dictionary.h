// The file's dictionary: pictures that the screen layers of any segment may copy from, so that content which
// comes back later is stored once and every segment still decodes from itself and its listed pictures alone.
// A layer begins with the numbers of its pictures; a source gives them when the layer is first drawn.
#pragma once

#include <list>
#include <map>
#include <mutex>
#include <vector>

#include "container/reader.h"
#include "screen/screen_layer.h"

namespace aicodec {

// Pictures that one layer may list; together they have at most kMaxPixels pixels, too.
inline constexpr size_t kMaxListed = 16;

// A `screen` layer as the segment stores it. `coded` is the screen room's.
struct ScreenLayer {
  std::vector<uint64_t> pictures;  // numbers of dictionary pictures, in the order that `coded` knows them by
  ByteSpan coded;
};

// Precondition: at most kMaxListed numbers.
Bytes write_screen_layer(const ScreenLayer& layer);
// `coded` points into `payload`. kTooLarge for a list over the limits, kBadValue for a number that stands
// twice.
Result<ScreenLayer> read_screen_layer(ByteSpan payload, const StreamHeader& header);

// Payload of a dictionary chunk -> its picture.
Result<std::shared_ptr<const Picture>> draw_dictionary_picture(ByteSpan payload, const StreamHeader& header,
                                                               unsigned threads);

class DictionarySource {
 public:
  virtual ~DictionarySource() = default;
  // Picture `number` of the file; kBadValue if there is none. Safe to call from many threads.
  virtual Result<std::shared_ptr<const Picture>> picture(uint64_t number) = 0;
};

// What one segment may use: the first `usable` pictures, those that stand before it in the file.
struct DictionaryView {
  std::shared_ptr<DictionarySource> source;
  uint64_t usable = 0;

  Result<Dictionary> load(const std::vector<uint64_t>& numbers) const;
};

// Pictures at hand, by number: what an encoder has.
class PictureDictionary final : public DictionarySource {
 public:
  explicit PictureDictionary(std::map<uint64_t, std::shared_ptr<const Picture>> pictures)
      : pictures_(std::move(pictures)) {}
  Result<std::shared_ptr<const Picture>> picture(uint64_t number) override;

 private:
  std::map<uint64_t, std::shared_ptr<const Picture>> pictures_;
};

// The pictures of a file, decoded when they are first asked for. Of those that nobody holds any more it keeps
// about kCacheBytes, the ones last used.
class FileDictionary final : public DictionarySource {
 public:
  static constexpr size_t kCacheBytes = size_t{256} << 20;

  explicit FileDictionary(FileReader file);
  Result<std::shared_ptr<const Picture>> picture(uint64_t number) override;

 private:
  struct Cached {
    uint64_t number;
    std::shared_ptr<const Picture> picture;
  };
  void keep(Cached cached);

  FileReader file_;
  std::vector<IndexEntry> entries_;  // of the dictionary chunks
  std::mutex mutex_;
  std::list<Cached> cache_;  // the last used first
  size_t cached_bytes_ = 0;
};

}  // namespace aicodec
