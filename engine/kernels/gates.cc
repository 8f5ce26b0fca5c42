// Element by element: x sigmoid(slope x), which is SiLU or CLIP's approximation of GELU; value times gelu(gate); the
// gradients of both.
#include "operation.h"
#include "parallel.h"
#include "vector.h"

namespace textcraftor {
namespace {

struct GateBySigmoid {
  template <class Isa>
  INLINE void run(const float* x, float slope, std::int64_t count, float* y) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; i++) y[i] = x[i] * sigmoid(slope * x[i]);
  }
};

struct GateBySigmoidGradient {
  template <class Isa>
  INLINE void run(const float* dy, const float* x, float slope, std::int64_t count, float* dx) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; i++) dx[i] = siluGradient(dy[i], slope * x[i]);
  }
};

/// The normal distribution function to within 1.5e-7, with `bell` = e^(-x^2 / 2) (Abramowitz and Stegun, 7.1.26).
INLINE float normalDistribution(float x, float bell) {
  const float distance = x < 0 ? -x : x;
  const float t = 1.0f / (1.0f + 0.23164190f * distance);
  float p = 0.53070271f;
  p = p * t - 0.72657601f;
  p = p * t + 0.71070687f;
  p = p * t - 0.14224837f;
  p = p * t + 0.12741480f;
  const float tail = p * t * bell;
  return x < 0 ? tail : 1.0f - tail;
}
INLINE float bellOf(float x) { return exponential(-0.5f * x * x); }

struct GateByGelu {
  template <class Isa>
  INLINE void run(const float* value, const float* gate, std::int64_t count, float* y) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; i++) y[i] = value[i] * gate[i] * normalDistribution(gate[i], bellOf(gate[i]));
  }
};

struct GateByGeluGradient {
  template <class Isa>
  INLINE void run(const float* dy, const float* value, const float* gate, std::int64_t count, float* dValue,
                  float* dGate) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; i++) {
      const float d = dy[i], v = value[i], g = gate[i];
      const float bell = bellOf(g);
      const float phi = normalDistribution(g, bell);
      const float density = bell * 0.39894228040143268f;
      dValue[i] = d * g * phi;
      dGate[i] = d * v * (phi + g * density);
    }
  }
};

struct SigmoidGate {
  static const Signature& signature() {
    static const Signature signature{"TextCraftor>SigmoidGate", {"slope: float"}, {"x: float"}, {"y: float"}, {0}};
    return signature;
  }
  explicit SigmoidGate(Attributes attributes) : slope(attributes.number("slope")) {}

  void run(Call& call) const {
    const Shape shape = call.shape(0);
    const float* x = call.input(0);
    float* y = call.output(0, shape);
    inParallel(sizeOf(shape), sizeOf(shape), [&](std::int64_t from, std::int64_t to) {
      onThisProcessor<GateBySigmoid>(x + from, slope, to - from, y + from);
    });
  }

  float slope;
};

struct SigmoidGateGrad {
  static const Signature& signature() {
    static const Signature signature{
        "TextCraftor>SigmoidGateGrad", {"slope: float"}, {"dy: float", "x: float"}, {"dx: float"}, {0}};
    return signature;
  }
  explicit SigmoidGateGrad(Attributes attributes) : slope(attributes.number("slope")) {}

  void run(Call& call) const {
    const Shape shape = call.shape(0);
    const float *dy = call.input(0), *x = call.input(1);
    float* dx = call.output(0, shape);
    inParallel(sizeOf(shape), sizeOf(shape), [&](std::int64_t from, std::int64_t to) {
      onThisProcessor<GateBySigmoidGradient>(dy + from, x + from, slope, to - from, dx + from);
    });
  }

  float slope;
};

struct GeluGate {
  static const Signature& signature() {
    static const Signature signature{"TextCraftor>GeluGate", {}, {"value: float", "gate: float"}, {"y: float"}, {0}};
    return signature;
  }
  explicit GeluGate(Attributes) {}

  void run(Call& call) const {
    const Shape shape = call.shape(0);
    const float *value = call.input(0), *gate = call.input(1);
    float* y = call.output(0, shape);
    inParallel(sizeOf(shape), sizeOf(shape), [&](std::int64_t from, std::int64_t to) {
      onThisProcessor<GateByGelu>(value + from, gate + from, to - from, y + from);
    });
  }
};

struct GeluGateGrad {
  static const Signature& signature() {
    static const Signature signature{"TextCraftor>GeluGateGrad",
                                     {},
                                     {"dy: float", "value: float", "gate: float"},
                                     {"dvalue: float", "dgate: float"},
                                     {1, 2}};
    return signature;
  }
  explicit GeluGateGrad(Attributes) {}

  void run(Call& call) const {
    const Shape shape = call.shape(0);
    const float *dy = call.input(0), *value = call.input(1), *gate = call.input(2);
    float *dValue = call.output(0, shape), *dGate = call.output(1, shape);
    inParallel(sizeOf(shape), sizeOf(shape), [&](std::int64_t from, std::int64_t to) {
      onThisProcessor<GateByGeluGradient>(dy + from, value + from, gate + from, to - from, dValue + from, dGate + from);
    });
  }
};

const Operation<SigmoidGate> sigmoidGate;
const Operation<SigmoidGateGrad> sigmoidGateGrad;
const Operation<GeluGate> geluGate;
const Operation<GeluGateGrad> geluGateGrad;

}  // namespace
}  // namespace textcraftor
