// What the loops of the kernels are made of. They are written so that a compiler makes vector instructions of them.
#pragma once

#include <cstdint>
#include <cstring>

// A function compiled for several generations of processors, of which the best is taken when the library is loaded.
#if defined(__x86_64__) && defined(__linux__) && __has_attribute(target_clones)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif
#define INLINE static inline __attribute__((always_inline))

namespace textcraftor {

/// Numbers that are computed with at once where the compiler is told how many.
constexpr int kLanes = 16;
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float)), may_alias));

INLINE Vector& vectorAt(float* data) { return *reinterpret_cast<Vector*>(data); }
INLINE const Vector& vectorAt(const float* data) { return *reinterpret_cast<const Vector*>(data); }

typedef std::int32_t IntegerVector __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));

/// e^x to 1e-7 of its value (Cody and Waite's reduction, a polynomial of degree 6); finite for every finite x.
/// `Number` is a float with an int32 for its bits, or a vector of them.
template <class Number, class Bits>
INLINE Number exponentialOf(Number x) {
  const Number least = Number{} - 87.0f, most = Number{} + 88.0f;
  x = x < least ? least : x;
  x = x > most ? most : x;
  // Adding 1.5 * 2^23 rounds to a whole number, which the last bits then hold.
  const float shifter = 12582912.0f;
  const Number shifted = x * 1.44269504088896341f + shifter;
  const Number n = shifted - shifter;
  const Number r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  Number p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  Bits bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  const Bits scale = (bits - 0x4B400000 + 127) << 23;
  Number power;
  std::memcpy(&power, &scale, sizeof power);
  return p * power;
}
INLINE float exponential(float x) { return exponentialOf<float, std::int32_t>(x); }
INLINE Vector exponential(Vector x) { return exponentialOf<Vector, IntegerVector>(x); }

INLINE float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

/// The error function to 2e-7 (a rational approximation on [-3.8, 3.8], as in Eigen).
INLINE float errorFunction(float x) {
  const float limit = 3.832506856900711f;
  x = x < -limit ? -limit : x > limit ? limit : x;
  const float s = x * x;
  float p = 0.00022905065861350646f;
  p = p * s + 0.0034082910107109506f;
  p = p * s + 0.050955695062380861f;
  p = p * s + 0.18520832239976145f;
  p = p * s + 1.128379143519084f;
  float q = -1.1791602954361697e-7f;
  q = q * s + 0.000023547966471313185f;
  q = q * s + 0.0010179625278914885f;
  q = q * s + 0.014070470171167667f;
  q = q * s + 0.11098505178285362f;
  q = q * s + 0.49746925110067538f;
  q = q * s + 1.0f;
  return x * p / q;
}

}  // namespace textcraftor
