// What a lane is in the kernels: a vector of the instruction set's width. Included by kernel files alone, inside
// the namespace of the instruction set; every function is forced inline, so that nothing is shared.

#define AICODEC_LANE [[gnu::always_inline]] static inline

#if defined(__AVX512F__)
inline constexpr int kLanes = 16;
#elif defined(__AVX2__)
inline constexpr int kLanes = 8;
#else
inline constexpr int kLanes = 4;
#endif
inline constexpr int kVectorBytes = 4 * kLanes;

typedef float F __attribute__((vector_size(kVectorBytes), may_alias));
typedef uint32_t U __attribute__((vector_size(kVectorBytes), may_alias));
typedef int32_t M __attribute__((vector_size(kVectorBytes), may_alias));

AICODEC_LANE F splat(float v) { return F{} + v; }
AICODEC_LANE U splat(uint32_t v) { return U{} + v; }
AICODEC_LANE F select(M m, F a, F b) { return m ? a : b; }
AICODEC_LANE U select(M m, U a, U b) { return m ? a : b; }
AICODEC_LANE U bits(F v) { return (U)v; }
AICODEC_LANE F from_bits(U v) { return (F)v; }
AICODEC_LANE U truncate(F v) { return (U)__builtin_convertvector(v, M); }
AICODEC_LANE F to_float(U v) { return __builtin_convertvector((M)v, F); }
AICODEC_LANE F absolute(F v) { return from_bits(bits(v) & splat(0x7FFFFFFFu)); }
AICODEC_LANE M signed_less(U a, U b) { return (M)a < (M)b; }
AICODEC_LANE U arithmetic_right(U v, int count) { return (U)((M)v >> count); }

// kLanes samples as integers. From a vector of narrow lanes gcc converts in three steps where one instruction does.
#if defined(__AVX512F__)
AICODEC_LANE U widened(const uint8_t* at) {
  return (U)_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}
AICODEC_LANE U widened(const uint16_t* at) {
  return (U)_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
}
#elif defined(__AVX2__)
AICODEC_LANE U widened(const uint8_t* at) {
  return (U)_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at)));
}
AICODEC_LANE U widened(const uint16_t* at) {
  return (U)_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}
#else
template <typename T>
AICODEC_LANE U widened(const T* at) {
  typedef T Samples __attribute__((vector_size(sizeof(T) * kLanes), may_alias, aligned(1)));
  return __builtin_convertvector(*reinterpret_cast<const Samples*>(at), U);
}
#endif

// The second operand where they are equal or one is NaN, as x86's instructions have it; gcc finds them only at times.
#if defined(__AVX512F__)
AICODEC_LANE F minimum(F a, F b) { return (F)_mm512_min_ps((__m512)a, (__m512)b); }
AICODEC_LANE F maximum(F a, F b) { return (F)_mm512_max_ps((__m512)a, (__m512)b); }
#elif defined(__AVX2__)
AICODEC_LANE F minimum(F a, F b) { return (F)_mm256_min_ps((__m256)a, (__m256)b); }
AICODEC_LANE F maximum(F a, F b) { return (F)_mm256_max_ps((__m256)a, (__m256)b); }
#elif defined(AICODEC_X86)
AICODEC_LANE F minimum(F a, F b) { return (F)_mm_min_ps((__m128)a, (__m128)b); }
AICODEC_LANE F maximum(F a, F b) { return (F)_mm_max_ps((__m128)a, (__m128)b); }
#else
AICODEC_LANE F minimum(F a, F b) { return select(a < b, a, b); }
AICODEC_LANE F maximum(F a, F b) { return select(a > b, a, b); }
#endif

// The definition of rounding down is numeric/scalar.h's; where one instruction rounds down it leaves -0, which the sum makes 0.
#if defined(__AVX512F__)
AICODEC_LANE F square_root(F v) { return (F)_mm512_sqrt_ps((__m512)v); }
AICODEC_LANE F floor_of(F v) { return (F)_mm512_roundscale_ps((__m512)v, 9) + splat(0.0f); }
AICODEC_LANE bool any(M m) { return _mm512_test_epi32_mask((__m512i)m, (__m512i)m) != 0; }
#elif defined(__AVX2__)
AICODEC_LANE F square_root(F v) { return (F)_mm256_sqrt_ps((__m256)v); }
AICODEC_LANE F floor_of(F v) { return (F)_mm256_round_ps((__m256)v, 9) + splat(0.0f); }
AICODEC_LANE bool any(M m) { return !_mm256_testz_si256((__m256i)m, (__m256i)m); }
#else
AICODEC_LANE F square_root(F v) {
  F root;
  for (int i = 0; i < kLanes; ++i) root[i] = __builtin_sqrtf(v[i]);
  return root;
}
AICODEC_LANE F floor_of(F v) {
  const M small = absolute(v) < splat(0x1p23f);
  const F t = to_float(truncate(select(small, v, splat(0.0f))));
  return select(small, t - select(v < t, splat(1.0f), splat(0.0f)), v);
}
AICODEC_LANE bool any(M m) {
  int32_t gathered = 0;
  for (int i = 0; i < kLanes; ++i) gathered |= m[i];
  return gathered != 0;
}
#endif
