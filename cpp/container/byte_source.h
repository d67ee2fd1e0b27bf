// Where a reader's bytes come from: a file or memory. Reads are positioned, so that threads can share a
// source.
#pragma once

#include <memory>
#include <string>

#include "bits/bytes.h"

namespace aicodec {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual uint64_t size() const = 0;
  // `size` bytes at `offset`; kTruncated where the source has fewer. Safe to call from many threads.
  virtual Result<Bytes> read(uint64_t offset, uint64_t size) const = 0;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  Result<Bytes> read(uint64_t offset, uint64_t size) const override;

 private:
  Bytes bytes_;
};

class FileSource final : public ByteSource {
 public:
  // Null where the file cannot be opened; errno tells why.
  static std::unique_ptr<FileSource> open(const std::string& path);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  uint64_t size() const override { return size_; }
  Result<Bytes> read(uint64_t offset, uint64_t size) const override;

 private:
  FileSource(int descriptor, uint64_t size) : descriptor_(descriptor), size_(size) {}

  int descriptor_;
  uint64_t size_;
};

}  // namespace aicodec
