#include "matrix.h"

#include "vector.h"

namespace textcraftor {
namespace {

/// A block of c, ROWS x (PANELS * kLanes), which stays in registers.
template <int ROWS, int PANELS>
INLINE void multiplyBlock(Left a, const float* b, std::int64_t depth, std::int64_t columns, float* c, bool add) {
  Vector sum[ROWS][PANELS];
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
    for (int p = 0; p < PANELS; p++)
      sum[i][p] = add ? vectorAt(c + i * columns + p * kLanes) : Vector{};
  for (std::int64_t k = 0; k < depth; k++) {
    Vector row[PANELS];
#pragma GCC unroll 4
    for (int p = 0; p < PANELS; p++) row[p] = vectorAt(b + k * columns + p * kLanes);
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
    for (int p = 0; p < PANELS; p++) vectorAt(c + i * columns + p * kLanes) = sum[i][p];
}

template <int ROWS, int PANELS>
INLINE void multiplyPanels(Left a, const float* b, std::int64_t rows, std::int64_t depth, std::int64_t columns,
                           float* c, bool add) {
  std::int64_t i = 0;
  for (; i + ROWS <= rows; i += ROWS)
    multiplyBlock<ROWS, PANELS>({a.data + i * a.row, a.row, a.column}, b, depth, columns, c + i * columns, add);
  for (; i < rows; i++)
    multiplyBlock<1, PANELS>({a.data + i * a.row, a.row, a.column}, b, depth, columns, c + i * columns, add);
}

}  // namespace

FOR_EACH_PROCESSOR
void multiply(Left a, const float* b, std::int64_t rows, std::int64_t depth, std::int64_t columns, float* c, bool add) {
  std::int64_t j = 0;
  for (; j + 4 * kLanes <= columns; j += 4 * kLanes)
    multiplyPanels<4, 4>(a, b + j, rows, depth, columns, c + j, add);
  switch ((columns - j) / kLanes) {
    case 3: return multiplyPanels<4, 3>(a, b + j, rows, depth, columns, c + j, add);
    case 2: return multiplyPanels<8, 2>(a, b + j, rows, depth, columns, c + j, add);
    case 1: return multiplyPanels<8, 1>(a, b + j, rows, depth, columns, c + j, add);
  }
}

FOR_EACH_PROCESSOR
void transpose(const float* from, std::int64_t stride, std::int64_t rows, std::int64_t columns, float scale, float* to,
               std::int64_t toStride) {
  for (std::int64_t j = 0; j < columns; j++) {
    for (std::int64_t i = 0; i < rows; i++) to[j * toStride + i] = scale * from[i * stride + j];
    for (std::int64_t i = rows; i < toStride; i++) to[j * toStride + i] = 0;
  }
}

FOR_EACH_PROCESSOR
void copy(const float* from, std::int64_t stride, std::int64_t rows, std::int64_t columns, float* to,
          std::int64_t toStride) {
  for (std::int64_t i = 0; i < rows; i++) {
    for (std::int64_t j = 0; j < columns; j++) to[i * toStride + j] = from[i * stride + j];
    for (std::int64_t j = columns; j < toStride; j++) to[i * toStride + j] = 0;
  }
}

FOR_EACH_PROCESSOR
void write(const float* from, std::int64_t stride, std::int64_t rows, std::int64_t columns, float scale, float* to,
           std::int64_t toStride) {
  for (std::int64_t i = 0; i < rows; i++)
    for (std::int64_t j = 0; j < columns; j++) to[i * toStride + j] = scale * from[i * stride + j];
}

}  // namespace textcraftor
