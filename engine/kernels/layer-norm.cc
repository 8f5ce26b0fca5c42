// Layer normalisation (Ba et al., arXiv 1607.06450) over the last axis, and its gradient.
#include <algorithm>
#include <cmath>
#include <vector>

#include "operation.h"
#include "parallel.h"
#include "vector.h"

namespace textcraftor {
namespace {

struct NormalizeRows {
  template <class Isa>
  INLINE void run(const float* x, const float* weight, const float* bias, float epsilon, std::int64_t rows,
                  std::int64_t width, float* y, float* means, float* rstds) {
    for (std::int64_t r = 0; r < rows; r++) {
      const float* row = x + r * width;
      float* out = y + r * width;
      float total = 0;
#pragma omp simd reduction(+ : total)
      for (std::int64_t c = 0; c < width; c++) total += row[c];
      const float mean = total / static_cast<float>(width);
      float squares = 0;
#pragma omp simd reduction(+ : squares)
      for (std::int64_t c = 0; c < width; c++) squares += (row[c] - mean) * (row[c] - mean);
      const float rstd = 1.0f / std::sqrt(squares / static_cast<float>(width) + epsilon);
      means[r] = mean;
      rstds[r] = rstd;
#pragma omp simd
      for (std::int64_t c = 0; c < width; c++) out[c] = (row[c] - mean) * rstd * weight[c] + bias[c];
    }
  }
};

/// Adds to `dWeight` and `dBias` [width].
struct RowGradients {
  template <class Isa>
  INLINE void run(const float* dy, const float* x, const float* weight, const float* means, const float* rstds,
                  std::int64_t rows, std::int64_t width, float* dx, float* dWeight, float* dBias) {
    for (std::int64_t r = 0; r < rows; r++) {
      const float* given = dy + r * width;
      const float* row = x + r * width;
      float* out = dx + r * width;
      const float mean = means[r], rstd = rstds[r];
      float total = 0, totalX = 0;
#pragma omp simd reduction(+ : total, totalX)
      for (std::int64_t c = 0; c < width; c++) {
        const float normal = (row[c] - mean) * rstd;
        const float scaled = given[c] * weight[c];
        total += scaled;
        totalX += scaled * normal;
        dWeight[c] += given[c] * normal;
        dBias[c] += given[c];
      }
      const float offset = total / static_cast<float>(width), slope = totalX / static_cast<float>(width);
#pragma omp simd
      for (std::int64_t c = 0; c < width; c++)
        out[c] = (given[c] * weight[c] - offset - (row[c] - mean) * rstd * slope) * rstd;
    }
  }
};

struct LayerNorm {
  static const Signature& signature() {
    static const Signature signature{"TextCraftor>LayerNorm",
                                     {"epsilon: float"},
                                     {"x: float", "weight: float", "bias: float"},
                                     {"y: float", "mean: float", "rstd: float"},
                                     {0, -1, -1}};
    return signature;
  }
  explicit LayerNorm(Attributes attributes) : epsilon(attributes.number("epsilon")) {}

  void run(Call& call) const {
    const Shape shape = call.shape(0);
    const std::int64_t width = shape.back(), rows = sizeOf(shape) / width;
    const float *x = call.input(0), *weight = call.input(1), *bias = call.input(2);
    float *y = call.output(0, shape), *mean = call.output(1, {rows}), *rstd = call.output(2, {rows});
    inParallel(rows, rows * width, [&](std::int64_t from, std::int64_t to) {
      onThisProcessor<NormalizeRows>(x + from * width, weight, bias, epsilon, to - from, width, y + from * width,
                                     mean + from, rstd + from);
    });
  }

  float epsilon;
};

/// Rows whose sums by channel are added in sequence, so that the result does not depend on the number of threads.
constexpr std::int64_t kRows = 256;

struct LayerNormGrad {
  static const Signature& signature() {
    static const Signature signature{"TextCraftor>LayerNormGrad",
                                     {},
                                     {"dy: float", "x: float", "weight: float", "mean: float", "rstd: float"},
                                     {"dx: float", "dweight: float", "dbias: float"},
                                     {1, 2, 2}};
    return signature;
  }
  explicit LayerNormGrad(Attributes) {}

  void run(Call& call) const {
    const Shape shape = call.shape(1);
    const std::int64_t width = shape.back(), rows = sizeOf(shape) / width;
    const float *dy = call.input(0), *x = call.input(1), *weight = call.input(2);
    const float *mean = call.input(3), *rstd = call.input(4);
    float *dx = call.output(0, shape), *dWeight = call.output(1, {width}), *dBias = call.output(2, {width});
    const std::int64_t blocks = (rows + kRows - 1) / kRows;
    std::vector<float> dWeights(blocks * width), dBiases(blocks * width);
    inParallel(blocks, rows * width, [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t block = from; block < to; block++) {
        const std::int64_t first = block * kRows, count = std::min(kRows, rows - first);
        onThisProcessor<RowGradients>(dy + first * width, x + first * width, weight, mean + first, rstd + first, count,
                                      width, dx + first * width, &dWeights[block * width], &dBiases[block * width]);
      }
    });
    std::fill_n(dWeight, width, 0.0f);
    std::fill_n(dBias, width, 0.0f);
    addRows(dWeights.data(), blocks, width, dWeight);
    addRows(dBiases.data(), blocks, width, dBias);
  }
};

const Operation<LayerNorm> layerNorm;
const Operation<LayerNormGrad> layerNormGrad;

}  // namespace
}  // namespace textcraftor
