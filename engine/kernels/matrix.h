// Products of matrices small enough for the first caches.
#pragma once

#include <cstdint>

namespace textcraftor {

/// Columns of the right factor: a whole number of this processor's vectors, padded with zeros.
std::int64_t padded(std::int64_t columns);

/// Columns per block of a product: as many as stay in the registers.
std::int64_t panelColumns();

/// Rows that begin `stride` elements apart.
template <class Number>
struct Rows {
  Number* data;
  std::int64_t stride;
  /// From row `first` on.
  Rows from(std::int64_t first) const { return {data + first * stride, stride}; }
  Rows<const Number> read() const { return {data, stride}; }
};

/// The left factor: element (i, k) is data[i * row + k * column].
struct Left {
  const float* data;
  std::int64_t row, column;
};
inline Left plain(Rows<const float> a) { return {a.data, a.stride, 1}; }
inline Left transposed(Rows<const float> a) { return {a.data, 1, a.stride}; }

/// c [rows, columns] = a b, plus `onto` if given: c itself, or one row for all if its stride is 0. b [depth, columns],
/// `columns` padded.
void multiply(Left a, Rows<const float> b, std::int64_t rows, std::int64_t depth, std::int64_t columns, Rows<float> c,
              Rows<const float> onto = {});

/// to [columns, to.stride] = scale * from^T; zeros are written beyond `rows`.
void transpose(Rows<const float> from, std::int64_t rows, std::int64_t columns, float scale, Rows<float> to);

/// to [rows, to.stride] = from; zeros are written beyond `columns`.
void pad(Rows<const float> from, std::int64_t rows, std::int64_t columns, Rows<float> to);

/// to [rows, columns] = from, without its padding.
void unpad(Rows<const float> from, std::int64_t rows, std::int64_t columns, Rows<float> to);

}  // namespace textcraftor
