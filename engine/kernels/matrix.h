// Products of matrices that are small enough for the first caches.
#pragma once

#include <cstdint>

#include "vector.h"

namespace textcraftor {

/// Rows of what is multiplied by are padded to a multiple of kLanes, with zeros.
constexpr std::int64_t padded(std::int64_t columns) { return (columns + kLanes - 1) / kLanes * kLanes; }

/// The factor on the left, in place: element (i, k) is data[i * row + k * column].
struct Left {
  const float* data;
  std::int64_t row, column;
};

/// c [rows, columns] = a b, or += where `add`. b [depth, columns], `columns` a multiple of kLanes.
void multiply(Left a, const float* b, std::int64_t rows, std::int64_t depth, std::int64_t columns, float* c, bool add);

/// to [columns of from, padded rows of from] = scale * from^T; the padding is written as zeros.
void transpose(const float* from, std::int64_t stride, std::int64_t rows, std::int64_t columns, float scale, float* to,
               std::int64_t toStride);

/// to [rows, padded columns] = from, with zeros for padding.
void copy(const float* from, std::int64_t stride, std::int64_t rows, std::int64_t columns, float* to,
          std::int64_t toStride);

/// to = scale * from, without from's padding.
void write(const float* from, std::int64_t stride, std::int64_t rows, std::int64_t columns, float scale, float* to,
           std::int64_t toStride);

}  // namespace textcraftor
