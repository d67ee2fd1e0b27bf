// CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of every chunk of a file.
#pragma once

#include <cstdint>
#include <span>

namespace aicodec {

// The checksum of `bytes`, continuing from `crc` (0 to begin): crc32c(b, crc32c(a)) == crc32c(a followed by
// b).
uint32_t crc32c(std::span<const uint8_t> bytes, uint32_t crc = 0);

}  // namespace aicodec
