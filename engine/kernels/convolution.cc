// Convolutions of 3 x 3 pixels, padded with zeros so that the picture keeps its size, and their gradient by the input,
// which is a convolution too. Lavin and Gray's F(2x2, 3x3) ("Fast algorithms for convolutional neural networks", CVPR
// 2016; Winograd's minimal filtering) takes 16 multiplications where the definition has 36: pictures are cut into tiles
// of 2 x 2 results; the 4 x 4 pixels that a tile needs and the filter are transformed, multiplied, and transformed
// back.
#include <algorithm>

#include "matrix.h"
#include "operation.h"
#include "panels.h"
#include "scratch.h"
#include "vector.h"

namespace textcraftor {
namespace {

/// Numbers in a transformed tile.
constexpr std::int64_t kParts = 16;

/// B^T d B for one tile: `from` holds its 4 x 4 pixels; part p goes to `to` + p * stride.
struct TransformInput {
  template <class Isa>
  INLINE void run(const float* const* from, std::int64_t channels, std::int64_t stride, float* to) {
#pragma omp simd
    for (std::int64_t c = 0; c < channels; c++) {
      float d[4][4];
#pragma GCC unroll 4
      for (int x = 0; x < 4; x++) {
        const float a = from[x][c], b = from[4 + x][c], e = from[8 + x][c], f = from[12 + x][c];
        d[0][x] = a - e;
        d[1][x] = b + e;
        d[2][x] = e - b;
        d[3][x] = b - f;
      }
#pragma GCC unroll 4
      for (int y = 0; y < 4; y++) {
        to[(4 * y + 0) * stride + c] = d[y][0] - d[y][2];
        to[(4 * y + 1) * stride + c] = d[y][1] + d[y][2];
        to[(4 * y + 2) * stride + c] = d[y][2] - d[y][1];
        to[(4 * y + 3) * stride + c] = d[y][1] - d[y][3];
      }
    }
  }
};

/// G g G^T for `columns` outputs of one input channel: tap (y, x) is at from[(3 y + x) * tap], part p goes to to[p *
/// stride].
struct TransformFilter {
  template <class Isa>
  INLINE void run(const float* from, std::int64_t tap, std::int64_t columns, std::int64_t stride, float* to) {
#pragma omp simd
    for (std::int64_t o = 0; o < columns; o++) {
      float g[4][3];
#pragma GCC unroll 3
      for (int x = 0; x < 3; x++) {
        const float a = from[x * tap + o], b = from[(3 + x) * tap + o], e = from[(6 + x) * tap + o];
        g[0][x] = a;
        g[1][x] = 0.5f * (a + b + e);
        g[2][x] = 0.5f * (a - b + e);
        g[3][x] = e;
      }
#pragma GCC unroll 4
      for (int y = 0; y < 4; y++) {
        to[(4 * y + 0) * stride + o] = g[y][0];
        to[(4 * y + 1) * stride + o] = 0.5f * (g[y][0] + g[y][1] + g[y][2]);
        to[(4 * y + 2) * stride + o] = 0.5f * (g[y][0] - g[y][1] + g[y][2]);
        to[(4 * y + 3) * stride + o] = g[y][2];
      }
    }
  }
};

/// A^T m A + bias for one tile: part p is at from[p * stride]; `to` receives its 2 x 2 pixels.
struct TransformOutput {
  template <class Isa>
  INLINE void run(const float* from, std::int64_t stride, const float* bias, std::int64_t columns, float* const* to) {
    float *y0 = to[0], *y1 = to[1], *y2 = to[2], *y3 = to[3];
#pragma omp simd
    for (std::int64_t o = 0; o < columns; o++) {
      float m[2][4];
#pragma GCC unroll 4
      for (int x = 0; x < 4; x++) {
        const float a = from[x * stride + o], b = from[(4 + x) * stride + o];
        const float e = from[(8 + x) * stride + o], f = from[(12 + x) * stride + o];
        m[0][x] = a + b + e;
        m[1][x] = b - e - f;
      }
      y0[o] = m[0][0] + m[0][1] + m[0][2] + bias[o];
      y1[o] = m[0][1] - m[0][2] - m[0][3] + bias[o];
      y2[o] = m[1][0] + m[1][1] + m[1][2] + bias[o];
      y3[o] = m[1][1] - m[1][2] - m[1][3] + bias[o];
    }
  }
};

/// Tiles whose products are in memory at once.
constexpr std::int64_t kBlock = 48;
/// Gap between two parts of pixels, weights or products, so that they do not share lines of the first cache.
constexpr std::int64_t kGap = 16;

struct Convolution {
  const float *x, *filter;
  /// [out], or null.
  const float* bias;
  /// Shape of x: [batch, height, width, in].
  Shape shape;
  std::int64_t out;
  /// Whether to turn the filter round, [3, 3, out, in], because this is the gradient of a convolution with it.
  bool turned;
  float* y;
  std::int64_t batch = shape[0], height = shape[1], width = shape[2], in = shape[3];

  void run() const {
    forGroups(tiles(), kParts * in, out, kParts * tiles() * in * out,
              [this](std::int64_t tile, std::int64_t tiles, std::int64_t column, std::int64_t end) {
                compute(tile, tiles, column, end);
              });
  }

 private:
  /// Computes outputs `column` to `end` of `tiles` tiles from `tile` on.
  void compute(std::int64_t tile, std::int64_t tiles, std::int64_t column, std::int64_t end) const {
    const std::int64_t panel = panelColumns(), pixelPart = tiles * in + kGap;
    const auto pixels = scratch(kParts * pixelPart), weights = scratch(kParts * (in * panel + kGap));
    const auto taps = scratch(turned ? 9 * in * panel : 0), products = scratch(kParts * (kBlock * panel + kGap));
    const auto zeros = scratch(std::max(in, panel)), nowhere = scratch(panel);
    std::fill_n(zeros.get(), std::max(in, panel), 0.0f);
    for (std::int64_t t = 0; t < tiles; t++) readTile(tile + t, zeros.get(), pixelPart, &pixels[t * in]);
    for (; column < end; column += panel) {
      const std::int64_t columns = std::min(panel, end - column), stride = padded(columns);
      const std::int64_t weightPart = in * stride + kGap;
      readFilter(column, columns, stride, weightPart, taps.get(), weights.get());
      const float* added = bias == nullptr ? zeros.get() : bias + column;
      for (std::int64_t t = 0; t < tiles; t += kBlock) {
        const std::int64_t rows = std::min(kBlock, tiles - t), productPart = rows * stride + kGap;
        for (std::int64_t part = 0; part < kParts; part++)
          multiply(plain({&pixels[part * pixelPart + t * in], in}), {&weights[part * weightPart], stride}, rows, in,
                   stride, {&products[part * productPart], stride});
        for (std::int64_t i = 0; i < rows; i++)
          writeTile(tile + t + i, &products[i * stride], productPart, added, column, columns, nowhere.get());
      }
    }
  }

  std::int64_t tileRows() const { return (height + 1) / 2; }
  std::int64_t tileColumns() const { return (width + 1) / 2; }
  std::int64_t tiles() const { return batch * tileRows() * tileColumns(); }
  /// First pixel of a tile's results: its row among those of all pictures, its row and its column.
  struct Place {
    std::int64_t row, inPicture, column;
  };
  Place place(std::int64_t tile) const {
    const std::int64_t row = tile / tileColumns(), picture = row / tileRows(), inPicture = row % tileRows() * 2;
    return {picture * height + inPicture, inPicture, tile % tileColumns() * 2};
  }

  void readTile(std::int64_t tile, const float* zeros, std::int64_t stride, float* to) const {
    const auto [row, inPicture, column] = place(tile);
    const float* from[16];
    for (std::int64_t i = 0; i < 16; i++) {
      const std::int64_t down = i / 4 - 1, right = i % 4 - 1;
      const bool inside =
          inPicture + down >= 0 && inPicture + down < height && column + right >= 0 && column + right < width;
      from[i] = inside ? x + ((row + down) * width + column + right) * in : zeros;
    }
    onThisProcessor<TransformInput>(static_cast<const float* const*>(from), in, stride, to);
  }

  void writeTile(std::int64_t tile, const float* products, std::int64_t stride, const float* added, std::int64_t first,
                 std::int64_t columns, float* nowhere) const {
    const auto [row, inPicture, column] = place(tile);
    float* to[4];
    for (std::int64_t i = 0; i < 4; i++) {
      const std::int64_t down = i / 2, right = i % 2;
      const bool inside = inPicture + down < height && column + right < width;
      to[i] = inside ? y + ((row + down) * width + column + right) * out + first : nowhere;
    }
    onThisProcessor<TransformOutput>(products, stride, added, columns, static_cast<float* const*>(to));
  }

  void readFilter(std::int64_t first, std::int64_t columns, std::int64_t stride, std::int64_t part, float* taps,
                  float* to) const {
    if (columns < stride) std::fill_n(to, kParts * part, 0.0f);
    if (turned)
      for (std::int64_t tap = 0; tap < 9; tap++)
        transpose({filter + ((8 - tap) * out + first) * in, in}, columns, in, 1, {taps + tap * in * stride, stride});
    for (std::int64_t c = 0; c < in; c++) {
      const float* from = turned ? taps + c * stride : filter + c * out + first;
      onThisProcessor<TransformFilter>(from, turned ? in * stride : in * out, columns, part, to + c * stride);
    }
  }
};

struct Convolve {
  static const Signature& signature() {
    static const Signature signature{"TextCraftor>Convolution",
                                     {"turned: bool", "N: int >= 0"},
                                     {"x: float", "filter: float", "bias: N * float"},
                                     {"y: float"},
                                     {-1}};
    return signature;
  }
  explicit Convolve(Attributes attributes) : turned(attributes.flag("turned")) {}

  void run(Call& call) const {
    const Shape n = call.shape(0);
    const std::int64_t out = call.shape(1)[turned ? 2 : 3];
    const float* bias = call.inputs() > 2 ? call.input(2) : nullptr;
    float* y = call.output(0, {n[0], n[1], n[2], out});
    Convolution{call.input(0), call.input(1), bias, n, out, turned, y}.run();
  }

  bool turned;
};

const Operation<Convolve> convolve;

}  // namespace
}  // namespace textcraftor
