// The vector instructions of x86-64, for kernels; nothing elsewhere. Each kernel file is compiled for one
// instruction set at a time (base/isa.h).
#pragma once

#if defined(AICODEC_X86)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"  // of what intrinsics leave undefined on purpose
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif
