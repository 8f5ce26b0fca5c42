// Building blocks of the kernels' loops, for several generations of processors. A body
//
//     struct Twice {
//       template <class Isa>
//       INLINE void run(const float* x, std::int64_t count, float* y) {
//         for (std::int64_t i = 0; i < count; i++) y[i] = 2 * x[i];
//       }
//     };
//     onThisProcessor<Twice>(x, count, y);
//
// is compiled once for each instruction set, and the best that the processor has is used. Loops are written so that the
// compiler vectorizes them.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#define INLINE static inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))

namespace textcraftor {

#define TEXTCRAFTOR_VECTORS(LANES)                                          \
  static constexpr int kLanes = LANES;                                      \
  typedef float Vector __attribute__((vector_size(LANES * sizeof(float)))); \
  typedef std::int32_t Bits __attribute__((vector_size(LANES * sizeof(float))))

/// Vectors of an instruction set, and how many of them in a row of a block stay in the registers.
struct Avx512 {
  TEXTCRAFTOR_VECTORS(16);
  static constexpr int kPanels = 4;
};
struct Avx2 {
  TEXTCRAFTOR_VECTORS(8);
  static constexpr int kPanels = 2;
};
/// Available on every processor: SSE2 or NEON.
struct Any {
  TEXTCRAFTOR_VECTORS(4);
  static constexpr int kPanels = 2;
};
#undef TEXTCRAFTOR_VECTORS

#if defined(__x86_64__)
template <class Body, class... Arguments>
__attribute__((target("avx512f,fma"))) void onAvx512(Arguments... arguments) {
  Body::template run<Avx512>(arguments...);
}
template <class Body, class... Arguments>
__attribute__((target("avx2,fma"))) void onAvx2(Arguments... arguments) {
  Body::template run<Avx2>(arguments...);
}
#endif

template <class Body, class... Arguments>
void onThisProcessor(Arguments... arguments) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("fma")) {
    if (__builtin_cpu_supports("avx512f")) return onAvx512<Body>(arguments...);
    if (__builtin_cpu_supports("avx2")) return onAvx2<Body>(arguments...);
  }
#endif
  Body::template run<Any>(arguments...);
}

struct Count {
  template <class Isa>
  INLINE void run(std::int64_t* lanes, std::int64_t* panels) {
    *lanes = Isa::kLanes;
    *panels = Isa::kPanels;
  }
};
/// Elements of a vector of this processor, and vectors of a row of a block.
struct Vectors {
  Vectors() { onThisProcessor<Count>(&lanes, &panels); }
  std::int64_t lanes, panels;
};

template <class Isa>
INLINE typename Isa::Vector load(const float* from) {
  typename Isa::Vector vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}
template <class Isa>
INLINE void store(typename Isa::Vector vector, float* to) {
  std::memcpy(to, &vector, sizeof vector);
}

/// Calls `f(panels, column)` for `columns` columns, each time for the number of vectors in the constant `panels`.
template <class Isa, class F>
INLINE void forPanels(std::int64_t columns, F f) {
  constexpr int kWidth = Isa::kPanels * Isa::kLanes;
  std::int64_t column = 0;
  for (; column + kWidth <= columns; column += kWidth) f(std::integral_constant<int, Isa::kPanels>(), column);
  if constexpr (Isa::kPanels > 2)
    for (; column + 2 * Isa::kLanes <= columns; column += 2 * Isa::kLanes) f(std::integral_constant<int, 2>(), column);
  for (; column < columns; column += Isa::kLanes) f(std::integral_constant<int, 1>(), column);
}

/// e^x to 1e-7 of its value (Cody and Waite's reduction, a polynomial of degree 6); finite for every finite x.
/// `Number` is a float with an int32 for its bits, or a vector of them.
template <class Number, class Bits>
INLINE Number exponentialOf(Number x) {
  const Number least = Number{} - 87.0f, most = Number{} + 88.0f;
  x = x < least ? least : x;
  x = x > most ? most : x;
  // Adding 1.5 * 2^23 rounds to a whole number, which is then in the last bits.
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
template <class Isa>
INLINE typename Isa::Vector exponential(typename Isa::Vector x) {
  return exponentialOf<typename Isa::Vector, typename Isa::Bits>(x);
}
INLINE float exponential(float x) { return exponentialOf<float, std::int32_t>(x); }

INLINE float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

/// dy times the derivative of x * sigmoid(slope * x), with `scaled` = slope * x.
INLINE float siluGradient(float dy, float scaled) {
  const float s = sigmoid(scaled);
  return dy * s * (1.0f + scaled * (1.0f - s));
}

}  // namespace textcraftor
