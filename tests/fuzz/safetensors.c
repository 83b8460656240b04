/* Files of tensors: as bytes, and as a header alone with the length before it set right
 * and some data behind it; what is read has to lie in the file, and goes into a network
 * of one block where it fits. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "nn/vit.h"
#include "nn/vit_tensors.h"

enum { MOST = 1 << 14, DATA = 1 << 10, LENGTH = 8 };

static hr_net *make_net(void) {
  static const hr_vit_backend backend = {&hr_products_compute, &hr_compute_reference};
  static const hr_vit_shape shape = {2, 2, 1, 1, 1, 1, 0, 1, 0, 0};
  hr_net *net = NULL;
  hr_error err = {0};
  fuzz_require(hr_vit_create(&shape, &backend, &net, &err) == HR_OK);
  return net;
}

static void look(const hr_tensors *tensors, const char *path) {
  static float values[MOST + DATA];
  hr_error err = {0};
  hr_net *net = make_net();
  for (size_t i = 0; i < tensors->count; i++) {
    fuzz_require(tensors->items[i].count <= sizeof values / sizeof values[0]);
    if (tensors->items[i].type == HR_TENSOR_OTHER) continue;
    hr_tensor_values(&tensors->items[i], values);
  }
  hr_status status = hr_vit_take_tensors(tensors, path, true, net, &err);
  fuzz_require(status == HR_OK || (status == HR_ERR_FORMAT && err.message[0]));
  net->type->destroy(&net);
}

static void read_file(const uint8_t *bytes, size_t size) {
  char path[128];
  hr_error err = {0};
  hr_tensors tensors;
  fuzz_write(path, sizeof path, "safetensors", bytes, size);
  hr_status status = hr_tensors_read(path, &tensors, &err);
  fuzz_require(status == HR_OK || (status == HR_ERR_FORMAT && err.message[0]));
  if (status == HR_OK) look(&tensors, path);
  if (status == HR_OK) hr_tensors_fini(&tensors);
  unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static uint8_t file[LENGTH + MOST + DATA];
  uint64_t length = size;
  if (size > MOST) return 0;
  read_file(bytes, size);
  memcpy(file, &length, LENGTH);
  memcpy(file + LENGTH, bytes, size);
  read_file(file, LENGTH + size + DATA);
  return 0;
}
