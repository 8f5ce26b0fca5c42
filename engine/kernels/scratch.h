#pragma once

#include <cstdint>
#include <memory>
#include <new>

namespace textcraftor {

/// Alignment at which vectors do not cross cache lines.
constexpr std::align_val_t kLine{64};
struct FreeScratch {
  void operator()(float* data) const { ::operator delete[](data, kLine); }
};

/// Memory for the duration of a call; its contents are undefined.
inline std::unique_ptr<float[], FreeScratch> scratch(std::int64_t size) {
  return std::unique_ptr<float[], FreeScratch>(
      static_cast<float*>(::operator new[](static_cast<std::size_t>(size) * sizeof(float), kLine)));
}

}  // namespace textcraftor
