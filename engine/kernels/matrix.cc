#include "matrix.h"

#include "vector.h"

namespace textcraftor {
namespace {

/// A block of c, ROWS x PANELS vectors, which stays in registers.
template <class Isa, int ROWS, int PANELS>
INLINE void multiplyBlock(Left a, Rows<const float> b, std::int64_t depth, Rows<float> c, Rows<const float> onto) {
  typedef typename Isa::Vector Vector;
  Vector sum[ROWS][PANELS];
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
    for (int p = 0; p < PANELS; p++) sum[i][p] = onto.data ? load<Isa>(onto.from(i).data + p * Isa::kLanes) : Vector{};
  for (std::int64_t k = 0; k < depth; k++) {
    Vector row[PANELS];
#pragma GCC unroll 4
    for (int p = 0; p < PANELS; p++) row[p] = load<Isa>(b.from(k).data + p * Isa::kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++) {
      const float factor = a.data[i * a.row + k * a.column];
#pragma GCC unroll 4
      for (int p = 0; p < PANELS; p++) sum[i][p] += factor * row[p];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
    for (int p = 0; p < PANELS; p++) store<Isa>(sum[i][p], c.from(i).data + p * Isa::kLanes);
}

template <class Isa, int ROWS, int PANELS>
INLINE void multiplyPanels(Left a, Rows<const float> b, std::int64_t rows, std::int64_t depth, Rows<float> c,
                           Rows<const float> onto) {
  const auto rowsFrom = [a](std::int64_t i) INLINE_LAMBDA { return Left{a.data + i * a.row, a.row, a.column}; };
  std::int64_t i = 0;
  for (; i + ROWS <= rows; i += ROWS) multiplyBlock<Isa, ROWS, PANELS>(rowsFrom(i), b, depth, c.from(i), onto.from(i));
  if constexpr (ROWS == 6)
    for (; i + 4 <= rows; i += 4) multiplyBlock<Isa, 4, PANELS>(rowsFrom(i), b, depth, c.from(i), onto.from(i));
  for (; i < rows; i++) multiplyBlock<Isa, 1, PANELS>(rowsFrom(i), b, depth, c.from(i), onto.from(i));
}

struct Multiply {
  template <class Isa>
  INLINE void run(Left a, Rows<const float> b, std::int64_t rows, std::int64_t depth, std::int64_t columns,
                  Rows<float> c, Rows<const float> onto) {
    forPanels<Isa>(columns, [&](auto panels, std::int64_t column) INLINE_LAMBDA {
      // As many sums as hide the latency of an addition and fit into registers beside a row of b.
      constexpr int kRows = panels == 4 ? 4 : panels == 2 ? 6 : 8;
      multiplyPanels<Isa, kRows, panels>(a, {b.data + column, b.stride}, rows, depth, {c.data + column, c.stride},
                                         {onto.data ? onto.data + column : nullptr, onto.stride});
    });
  }
};

struct Transpose {
  template <class Isa>
  INLINE void run(Rows<const float> from, std::int64_t rows, std::int64_t columns, float scale, Rows<float> to) {
    for (std::int64_t j = 0; j < columns; j++) {
      float* row = to.from(j).data;
      for (std::int64_t i = 0; i < rows; i++) row[i] = scale * from.data[i * from.stride + j];
      for (std::int64_t i = rows; i < to.stride; i++) row[i] = 0;
    }
  }
};

struct Copy {
  template <class Isa>
  INLINE void run(Rows<const float> from, std::int64_t rows, std::int64_t columns, std::int64_t zeros, Rows<float> to) {
    for (std::int64_t i = 0; i < rows; i++) {
      float* row = to.from(i).data;
      for (std::int64_t j = 0; j < columns; j++) row[j] = from.data[i * from.stride + j];
      for (std::int64_t j = columns; j < columns + zeros; j++) row[j] = 0;
    }
  }
};

}  // namespace

std::int64_t padded(std::int64_t columns) {
  static const std::int64_t unit = Vectors().lanes;
  return (columns + unit - 1) / unit * unit;
}

std::int64_t panelColumns() {
  static const Vectors vectors;
  return vectors.panels * vectors.lanes;
}

void multiply(Left a, Rows<const float> b, std::int64_t rows, std::int64_t depth, std::int64_t columns, Rows<float> c,
              Rows<const float> onto) {
  onThisProcessor<Multiply>(a, b, rows, depth, columns, c, onto);
}

void transpose(Rows<const float> from, std::int64_t rows, std::int64_t columns, float scale, Rows<float> to) {
  onThisProcessor<Transpose>(from, rows, columns, scale, to);
}

void pad(Rows<const float> from, std::int64_t rows, std::int64_t columns, Rows<float> to) {
  onThisProcessor<Copy>(from, rows, columns, to.stride - columns, to);
}

void unpad(Rows<const float> from, std::int64_t rows, std::int64_t columns, Rows<float> to) {
  onThisProcessor<Copy>(from, rows, columns, std::int64_t{0}, to);
}

}  // namespace textcraftor
