// The package makes tensors of typed arrays where they lie, if they lie aligned, and lets go of an array when the last
// user of its tensor does. In a graph that is a thread of TensorFlow's (a variable is assigned anew, say), and nothing
// of Node-API may be called there: two threads that do so at once corrupt the heap. So the add-on calls this in the
// place of TF_NewTensor (`addon.mjs`): a tensor has memory of its own, and the array is let go of at once, on its own
// thread.
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
