#pragma once

#include <cstdint>
#include <memory>
#include <new>

namespace textcraftor {

/// Where vectors do not cross the lines of a cache.
constexpr std::align_val_t kLine{64};
struct FreeScratch {
  void operator()(float* data) const { ::operator delete[](data, kLine); }
};

/// Memory for the time of a call, with any contents.
inline std::unique_ptr<float[], FreeScratch> scratch(std::int64_t size) {
  return std::unique_ptr<float[], FreeScratch>(
      static_cast<float*>(::operator new[](static_cast<std::size_t>(size) * sizeof(float), kLine)));
}

}  // namespace textcraftor
