// The operations' names alone: for the kernels too, which must include nothing that emits shared functions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aicodec::shader {

enum class Op : uint8_t {
#define AICODEC_OP(name, text, result, operands, work, immediate) k##name,
#include "shader/op_table.inl"
#undef AICODEC_OP
};
inline constexpr size_t kOps = static_cast<size_t>(Op::kCosTurns) + 1;

}  // namespace aicodec::shader
