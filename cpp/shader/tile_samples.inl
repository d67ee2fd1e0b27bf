// A strip's samples as they are stored, from eight vectors of integers. Included by tile_kernels.cpp alone, inside the
// namespace of the instruction set. Of vectors that become a quarter as long gcc takes the lanes apart, so bytes are
// packed by hand, four vectors at once.

#define AICODEC_SAMPLES U s0, U s1, U s2, U s3, U s4, U s5, U s6, U s7
#define AICODEC_SAMPLE_NAMES s0, s1, s2, s3, s4, s5, s6, s7

template <typename T>
AICODEC_LANE void put_vector(uint8_t* out, U samples) {
  typedef T Narrow __attribute__((vector_size(sizeof(T) * kLanes), may_alias, aligned(1)));
  *reinterpret_cast<Narrow*>(out) = __builtin_convertvector(samples, Narrow);
}
AICODEC_LANE void put_words(uint8_t* out, AICODEC_SAMPLES) {
  put_vector<uint16_t>(out, s0);
  put_vector<uint16_t>(out + 2 * kLanes, s1);
  put_vector<uint16_t>(out + 4 * kLanes, s2);
  put_vector<uint16_t>(out + 6 * kLanes, s3);
  put_vector<uint16_t>(out + 8 * kLanes, s4);
  put_vector<uint16_t>(out + 10 * kLanes, s5);
  put_vector<uint16_t>(out + 12 * kLanes, s6);
  put_vector<uint16_t>(out + 14 * kLanes, s7);
}

// Bytes. On x86 what is below 0 or above 255 becomes 0 or 255; elsewhere samples have to fit.
#if defined(__AVX512F__)
AICODEC_LANE void put_four(uint8_t* out, U a, U b, U c, U d) {
  const __m512i low = _mm512_packs_epi32((__m512i)a, (__m512i)b);
  const __m512i high = _mm512_packs_epi32((__m512i)c, (__m512i)d);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  _mm512_storeu_si512(out, _mm512_permutexvar_epi32(order, _mm512_packus_epi16(low, high)));
}
#elif defined(__AVX2__)
AICODEC_LANE void put_four(uint8_t* out, U a, U b, U c, U d) {
  const __m256i low = _mm256_packs_epi32((__m256i)a, (__m256i)b);
  const __m256i high = _mm256_packs_epi32((__m256i)c, (__m256i)d);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
}
#elif defined(AICODEC_X86)
AICODEC_LANE void put_four(uint8_t* out, U a, U b, U c, U d) {
  const __m128i low = _mm_packs_epi32((__m128i)a, (__m128i)b);
  const __m128i high = _mm_packs_epi32((__m128i)c, (__m128i)d);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_packus_epi16(low, high));
}
#else
AICODEC_LANE void put_four(uint8_t* out, U a, U b, U c, U d) {
  put_vector<uint8_t>(out, a);
  put_vector<uint8_t>(out + kLanes, b);
  put_vector<uint8_t>(out + 2 * kLanes, c);
  put_vector<uint8_t>(out + 3 * kLanes, d);
}
#endif
AICODEC_LANE void put_bytes(uint8_t* out, AICODEC_SAMPLES) {
  put_four(out, s0, s1, s2, s3);
  put_four(out + 4 * kLanes, s4, s5, s6, s7);
}
