// Group normalisation (Wu and He, arXiv 1803.08494) of pictures [batch, height, width, channels], with SiLU after it
// where `silu` is set, and its gradient.
#include <algorithm>
#include <cmath>
#include <vector>

#include "operation.h"
#include "parallel.h"
#include "vector.h"

namespace textcraftor {
namespace {

struct Sizes {
  explicit Sizes(const Shape& shape)
      : batch(shape[0]), pixels(shape[1] * shape[2]), channels(shape[3]), elements(sizeOf(shape)) {}
  std::int64_t batch, pixels, channels, elements;
};

/// Pixels whose sums are kept in float32 before they are added to a float64 sum.
constexpr std::int64_t kBlock = 64;

/// Sets `sum` [count] to the sum over the pixels of what `addPixel(p, to)` adds to `to` [count].
template <class F>
INLINE void sumOverPixels(std::int64_t pixels, std::int64_t count, float* block, double* sum, F addPixel) {
  for (std::int64_t c = 0; c < count; c++) sum[c] = 0;
  for (std::int64_t start = 0; start < pixels; start += kBlock) {
    for (std::int64_t c = 0; c < count; c++) block[c] = 0;
    const std::int64_t end = std::min(pixels, start + kBlock);
    for (std::int64_t p = start; p < end; p++) addPixel(p, block);
    for (std::int64_t c = 0; c < count; c++) sum[c] += block[c];
  }
}

/// Sums each channel over pixels that lie `stride` apart.
struct Sums {
  template <class Isa>
  INLINE void run(const float* x, std::int64_t pixels, std::int64_t stride, std::int64_t channels, float* block,
                  double* sum) {
    sumOverPixels(pixels, channels, block, sum, [=](std::int64_t p, float* __restrict to) INLINE_LAMBDA {
      const float* __restrict row = x + p * stride;
      for (std::int64_t c = 0; c < channels; c++) to[c] += row[c];
    });
  }
};

struct SumsOfSquares {
  template <class Isa>
  INLINE void run(const float* x, const float* mean, std::int64_t pixels, std::int64_t stride, std::int64_t channels,
                  float* block, double* sum) {
    sumOverPixels(pixels, channels, block, sum, [=](std::int64_t p, float* __restrict to) INLINE_LAMBDA {
      const float* __restrict row = x + p * stride;
      for (std::int64_t c = 0; c < channels; c++) {
        const float d = row[c] - mean[c];
        to[c] += d * d;
      }
    });
  }
};

struct ScaleAndShift {
  template <class Isa>
  INLINE void run(const float* x, const float* scale, const float* shift, bool silu, std::int64_t pixels,
                  std::int64_t stride, std::int64_t channels, float* y) {
    for (std::int64_t p = 0; p < pixels; p++) {
      const float* row = x + p * stride;
      float* out = y + p * stride;
      if (silu)
#pragma omp simd
        for (std::int64_t c = 0; c < channels; c++) {
          const float n = row[c] * scale[c] + shift[c];
          out[c] = n * sigmoid(n);
        }
      else
#pragma omp simd
        for (std::int64_t c = 0; c < channels; c++) out[c] = row[c] * scale[c] + shift[c];
    }
  }
};

/// The gradient by the normalised value, and its sums over the pixels: `sum` [2 channels], alone and times x - mean.
struct GradientSums {
  template <class Isa>
  INLINE void run(const float* dy, const float* x, const float* mean, const float* scale, const float* shift, bool silu,
                  std::int64_t pixels, std::int64_t stride, std::int64_t channels, float* dNormal, float* block,
                  double* sum) {
    sumOverPixels(pixels, 2 * channels, block, sum, [=](std::int64_t p, float* to) INLINE_LAMBDA {
      const float* row = x + p * stride;
      const float* given = dy + p * stride;
      float* out = dNormal + p * stride;
      float* timesX = to + channels;
      if (silu)
#pragma omp simd
        for (std::int64_t c = 0; c < channels; c++) out[c] = siluGradient(given[c], row[c] * scale[c] + shift[c]);
      else
#pragma omp simd
        for (std::int64_t c = 0; c < channels; c++) out[c] = given[c];
#pragma omp simd
      for (std::int64_t c = 0; c < channels; c++) {
        to[c] += out[c];
        timesX[c] += out[c] * (row[c] - mean[c]);
      }
    });
  }
};

struct GradientByInput {
  template <class Isa>
  INLINE void run(const float* dNormal, const float* x, const float* mean, const float* scale, const float* slope,
                  const float* offset, std::int64_t pixels, std::int64_t stride, std::int64_t channels, float* dx) {
    for (std::int64_t p = 0; p < pixels; p++) {
      const float* row = x + p * stride;
      const float* given = dNormal + p * stride;
      float* out = dx + p * stride;
#pragma omp simd
      for (std::int64_t c = 0; c < channels; c++)
        out[c] = given[c] * scale[c] - (row[c] - mean[c]) * slope[c] - offset[c];
    }
  }
};

/// Values needed for one sample: a number or two per channel.
struct Scratch {
  explicit Scratch(std::int64_t channels)
      : mean(channels),
        scale(channels),
        shift(channels),
        slope(channels),
        offset(channels),
        block(2 * channels),
        sum(2 * channels) {}
  std::vector<float> mean, scale, shift, slope, offset, block;
  std::vector<double> sum;
};

/// Calls `f(scratch, sample, from, to)` for every sample, with all its channels or, if there are more threads, with
/// parts of its groups.
template <class F>
void forSamples(const Sizes& n, std::int64_t groups, F f) {
  const std::int64_t parts = n.elements < kWorthAThread ? 1 : std::min(groups, (threads() + n.batch - 1) / n.batch);
  const std::int64_t width = n.channels / groups;
  inParallel(n.batch * parts, n.elements, [&](std::int64_t from, std::int64_t to) {
    Scratch scratch(n.channels);
    for (std::int64_t unit = from; unit < to; unit++) {
      const std::int64_t part = unit % parts;
      f(scratch, unit / parts, groups * part / parts * width, groups * (part + 1) / parts * width);
    }
  });
}

struct GroupNorm {
  static const Signature& signature() {
    static const Signature signature{"TextCraftor>GroupNorm",
                                     {"groups: int", "epsilon: float", "silu: bool"},
                                     {"x: float", "weight: float", "bias: float"},
                                     {"y: float", "mean: float", "rstd: float"},
                                     {0, -1, -1}};
    return signature;
  }
  explicit GroupNorm(Attributes attributes)
      : groups(attributes.integer("groups")), epsilon(attributes.number("epsilon")), silu(attributes.flag("silu")) {}

  void run(Call& call) const {
    const Shape shape = call.shape(0);
    const Sizes n(shape);
    const float *x = call.input(0), *weight = call.input(1), *bias = call.input(2);
    float* y = call.output(0, shape);
    float* means = call.output(1, {n.batch, groups});
    float* rstds = call.output(2, {n.batch, groups});
    const std::int64_t width = n.channels / groups;
    const double count = static_cast<double>(width * n.pixels);
    forSamples(n, groups, [&](Scratch& scratch, std::int64_t sample, std::int64_t from, std::int64_t to) {
      auto& [mean, scale, shift, slope, offset, block, sum] = scratch;
      const std::int64_t channels = to - from;
      const float* rows = x + sample * n.pixels * n.channels + from;
      onThisProcessor<Sums>(rows, n.pixels, n.channels, channels, block.data(), sum.data());
      for (std::int64_t c = 0; c < channels; c += width) {
        double total = 0;
        for (std::int64_t i = 0; i < width; i++) total += sum[c + i];
        std::fill_n(&mean[c], width, means[sample * groups + (from + c) / width] = static_cast<float>(total / count));
      }
      onThisProcessor<SumsOfSquares>(rows, mean.data(), n.pixels, n.channels, channels, block.data(), sum.data());
      for (std::int64_t c = 0; c < channels; c += width) {
        double total = 0;
        for (std::int64_t i = 0; i < width; i++) total += sum[c + i];
        const float rstd = static_cast<float>(1 / std::sqrt(total / count + epsilon));
        rstds[sample * groups + (from + c) / width] = rstd;
        for (std::int64_t i = c; i < c + width; i++) {
          scale[i] = rstd * weight[from + i];
          shift[i] = bias[from + i] - mean[i] * scale[i];
        }
      }
      onThisProcessor<ScaleAndShift>(rows, scale.data(), shift.data(), silu, n.pixels, n.channels, channels,
                                     y + sample * n.pixels * n.channels + from);
    });
  }

  std::int64_t groups;
  float epsilon;
  bool silu;
};

struct GroupNormGrad {
  static const Signature& signature() {
    static const Signature signature{
        "TextCraftor>GroupNormGrad",
        {"groups: int", "silu: bool"},
        {"dy: float", "x: float", "weight: float", "bias: float", "mean: float", "rstd: float"},
        {"dx: float", "dweight: float", "dbias: float"},
        {1, 2, 3}};
    return signature;
  }
  explicit GroupNormGrad(Attributes attributes) : groups(attributes.integer("groups")), silu(attributes.flag("silu")) {}

  void run(Call& call) const {
    const Shape shape = call.shape(1);
    const Sizes n(shape);
    const float *dy = call.input(0), *x = call.input(1), *weight = call.input(2), *bias = call.input(3);
    const float *means = call.input(4), *rstds = call.input(5);
    float* dx = call.output(0, shape);
    float* dWeight = call.output(1, {n.channels});
    float* dBias = call.output(2, {n.channels});
    const std::int64_t width = n.channels / groups;
    const double count = static_cast<double>(width * n.pixels);
    std::vector<float> dWeights(n.batch * n.channels), dBiases(n.batch * n.channels);
    forSamples(n, groups, [&](Scratch& scratch, std::int64_t sample, std::int64_t from, std::int64_t to) {
      auto& [mean, scale, shift, slope, offset, block, sum] = scratch;
      const std::int64_t channels = to - from;
      const std::int64_t start = sample * n.pixels * n.channels + from;
      for (std::int64_t c = 0; c < channels; c++) {
        const std::int64_t group = sample * groups + (from + c) / width;
        mean[c] = means[group];
        scale[c] = rstds[group] * weight[from + c];
        shift[c] = bias[from + c] - mean[c] * scale[c];
      }
      onThisProcessor<GradientSums>(dy + start, x + start, mean.data(), scale.data(), shift.data(), silu, n.pixels,
                                    n.channels, channels, dx + start, block.data(), sum.data());
      for (std::int64_t c = 0; c < channels; c += width) {
        const double rstd = rstds[sample * groups + (from + c) / width];
        double total = 0, totalX = 0;
        for (std::int64_t i = c; i < c + width; i++) {
          total += sum[i] * weight[from + i];
          totalX += sum[channels + i] * weight[from + i];
          dBiases[sample * n.channels + from + i] = static_cast<float>(sum[i]);
          dWeights[sample * n.channels + from + i] = static_cast<float>(sum[channels + i] * rstd);
        }
        std::fill_n(&offset[c], width, static_cast<float>(rstd * total / count));
        std::fill_n(&slope[c], width, static_cast<float>(rstd * rstd * rstd * totalX / count));
      }
      onThisProcessor<GradientByInput>(dx + start, x + start, mean.data(), scale.data(), slope.data(), offset.data(),
                                       n.pixels, n.channels, channels, dx + start);
    });
    std::fill_n(dWeight, n.channels, 0.0f);
    std::fill_n(dBias, n.channels, 0.0f);
    addRows(dWeights.data(), n.batch, n.channels, dWeight);
    addRows(dBiases.data(), n.batch, n.channels, dBias);
  }

  std::int64_t groups;
  bool silu;
};

const Operation<GroupNorm> groupNorm;
const Operation<GroupNormGrad> groupNormGrad;

}  // namespace
}  // namespace textcraftor
