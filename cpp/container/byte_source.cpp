#include "container/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace aicodec {

Result<Bytes> MemorySource::read(uint64_t offset, uint64_t size) const {
  if (offset > bytes_.size() || size > bytes_.size() - offset) return Error::kTruncated;
  const auto first = bytes_.begin() + static_cast<ptrdiff_t>(offset);
  return Bytes(first, first + static_cast<ptrdiff_t>(size));
}

std::unique_ptr<FileSource> FileSource::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  struct stat info;
  const bool readable = ::fstat(descriptor, &info) == 0;
  if (!readable || !S_ISREG(info.st_mode)) {
    if (readable) errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    ::close(descriptor);
    return nullptr;
  }
  return std::unique_ptr<FileSource>(new FileSource(descriptor, static_cast<uint64_t>(info.st_size)));
}

FileSource::~FileSource() { ::close(descriptor_); }

Result<Bytes> FileSource::read(uint64_t offset, uint64_t size) const {
  if (offset > size_ || size > size_ - offset) return Error::kTruncated;
  Bytes bytes(size);
  for (size_t done = 0; done < size;) {
    const ssize_t got =
        ::pread(descriptor_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Error::kTruncated;
    done += static_cast<size_t>(got);
  }
  return bytes;
}

}  // namespace aicodec
