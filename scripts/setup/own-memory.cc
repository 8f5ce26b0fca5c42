// The package makes tensors from typed arrays in place, if they are aligned, and releases an array when the last user
// of its tensor does. In a graph that is a thread of TensorFlow's (when a variable is assigned anew, say), which may
// not call Node-API: two threads doing so at once corrupt the heap. So the add-on calls this instead of TF_NewTensor
// (`addon.mjs`): a tensor has its own memory, and the array is released at once, on its own thread.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tensorflow/c/tf_tensor.h"

extern "C" TF_Tensor* textcraftorCopiedTensor(TF_DataType type, const std::int64_t* shape, int rank, void* data,
                                              std::size_t bytes, void (*letGo)(void* data, std::size_t bytes, void* of),
                                              void* of) {
  TF_Tensor* tensor = TF_AllocateTensor(type, shape, rank, bytes);
  if (bytes > 0) std::memcpy(TF_TensorData(tensor), data, bytes);
  letGo(data, bytes, of);
  return tensor;
}
