/* Weights under Hugging Face's names: they land where they belong, and what does not fit
 * is refused. tests/python/test_vit.py writes them from PyTorch. */
#include "nn/vit_tensors.h"

#include <stdio.h>

#include "core/alloc.h"
#include "nn/vit.h"
#include "support/check.h"

enum { MOST = 32, NAME = 80 };

/* Two tokens of one patch, one block. */
static const hr_vit_shape shape = {6, 6, 4, 1, 2, 5, 0, 2, 0, 0};

typedef struct weights {
  hr_tensors tensors;
  hr_tensor items[MOST];
  char names[MOST][NAME];
  float values[4096];
  size_t used;
} weights;

static hr_tensor *add(weights *w, const char *name, size_t rows, size_t columns) {
  hr_tensor *t = &w->items[w->tensors.count];
  snprintf(w->names[w->tensors.count], NAME, "%s", name);
  *t = (hr_tensor){.name = w->names[w->tensors.count++],
                   .rank = columns > 0 ? 2 : 1,
                   .shape = {rows, columns},
                   .count = rows * (columns > 0 ? columns : 1),
                   .bytes = (const uint8_t *)(w->values + w->used)};
  for (size_t i = 0; i < t->count; i++) {
    w->values[w->used + i] = (float)(100 * w->tensors.count + i);
  }
  w->used += t->count;
  return t;
}

/* In the order of our parameters, so that their values rise. */
static void make(weights *w, const char *head) {
  char name[NAME];
  *w = (weights){.tensors = {.bytes = NULL}};
  w->tensors.items = w->items;
  hr_tensor *patches = add(w, "vit.embeddings.patch_embeddings.projection.weight", 4, 1);
  *patches = (hr_tensor){.name = patches->name,
                         .rank = 3,
                         .shape = {4, 1, 6},
                         .count = 24,
                         .bytes = patches->bytes};
  w->used = 24; /* as a convolution has it: [outputs][channels][pixels] */
  for (size_t i = 0; i < 24; i++) w->values[i] = (float)(100 + i);
  add(w, "vit.embeddings.patch_embeddings.projection.bias", 4, 0);
  add(w, "vit.embeddings.cls_token", 1, 4);
  add(w, "vit.embeddings.position_embeddings", 2, 4);
  add(w, "vit.encoder.layer.0.layernorm_before.weight", 4, 0);
  add(w, "vit.encoder.layer.0.layernorm_before.bias", 4, 0);
  add(w, "vit.encoder.layer.0.attention.attention.query.weight", 4, 4);
  add(w, "vit.encoder.layer.0.attention.attention.key.weight", 4, 4);
  add(w, "vit.encoder.layer.0.attention.attention.value.weight", 4, 4);
  add(w, "vit.encoder.layer.0.attention.attention.query.bias", 4, 0);
  add(w, "vit.encoder.layer.0.attention.attention.key.bias", 4, 0);
  add(w, "vit.encoder.layer.0.attention.attention.value.bias", 4, 0);
  add(w, "vit.encoder.layer.0.attention.output.dense.weight", 4, 4);
  add(w, "vit.encoder.layer.0.attention.output.dense.bias", 4, 0);
  add(w, "vit.encoder.layer.0.layernorm_after.weight", 4, 0);
  add(w, "vit.encoder.layer.0.layernorm_after.bias", 4, 0);
  add(w, "vit.encoder.layer.0.intermediate.dense.weight", 5, 4);
  add(w, "vit.encoder.layer.0.intermediate.dense.bias", 5, 0);
  add(w, "vit.encoder.layer.0.output.dense.weight", 4, 5);
  add(w, "vit.encoder.layer.0.output.dense.bias", 4, 0);
  add(w, "vit.layernorm.weight", 4, 0);
  add(w, "vit.layernorm.bias", 4, 0);
  snprintf(name, sizeof name, "%s.weight", head);
  add(w, name, 2, 4);
  snprintf(name, sizeof name, "%s.bias", head);
  add(w, name, 2, 0);
  add(w, "vit.pooler.dense.weight", 4, 4); /* nobody asks for it */
}

static hr_net *make_net(void) {
  const hr_vit_backend backend = {&hr_products_compute, &hr_compute_reference};
  hr_error err;
  hr_net *net = NULL;
  check_ok(hr_vit_create(&shape, &backend, &net, &err));
  return net;
}

static void weights_land_in_our_order(void **state) {
  (void)state;
  static const char *const heads[] = {"regressor", "classifier"};
  hr_error err;
  for (size_t k = 0; k < 2; k++) {
    static weights w;
    make(&w, heads[k]);
    hr_net *net = make_net();
    check_ok(hr_vit_take_tensors(&w.tensors, "w", true, net, &err));
    assert_int_equal(w.used - 16, net->parameter_count);
    assert_memory_equal(net->parameters, w.values, net->parameter_count * sizeof(float));
    net->type->destroy(&net);
  }
}

/* Of a file without a head that fits. */
static void the_trunk_comes_alone(void **state) {
  (void)state;
  static weights w;
  hr_error err;
  hr_net *net = make_net();
  size_t head = shape.outputs * (shape.width + 1), trunk = net->parameter_count - head;
  make(&w, "somebody_s");
  for (size_t i = 0; i < head; i++) net->parameters[trunk + i] = 7;
  check_ok(hr_vit_take_tensors(&w.tensors, "w", false, net, &err));
  assert_memory_equal(net->parameters, w.values, trunk * sizeof(float));
  for (size_t i = 0; i < head; i++) assert_true(net->parameters[trunk + i] == 7);
  net->type->destroy(&net);
}

static void refuse(const weights *w, const char *sentence) {
  hr_error err;
  hr_net *net = make_net();
  check_fails(hr_vit_take_tensors(&w->tensors, "w", true, net, &err), HR_ERR_FORMAT,
              sentence);
  net->type->destroy(&net);
}

static void what_does_not_fit_is_refused(void **state) {
  (void)state;
  static weights w;
  make(&w, "regressor");
  w.items[3].shape[0] = 3;
  refuse(&w,
         "w: tensor embeddings.position_embeddings is 3 x 4, where this network has 2 x "
         "4; give it the shape that was exported");
  make(&w, "regressor");
  snprintf(w.names[2], NAME, "vit.embeddings.mask_token");
  refuse(&w, "w has 0 tensors named embeddings.cls_token; a vision transformer has one");
  make(&w, "regressor");
  snprintf(w.names[24], NAME, "other.layernorm.weight");
  refuse(&w, "w has 2 tensors named layernorm.weight; a vision transformer has one");
  make(&w, "regressor");
  w.items[0].type = HR_TENSOR_OTHER;
  snprintf(w.items[0].type_name, sizeof w.items[0].type_name, "F64");
  refuse(&w,
         "w: tensor embeddings.patch_embeddings.projection.weight is F64, and F32, F16 "
         "and BF16 are read; export it as one of these (.float())");
  make(&w, "head");
  refuse(&w, "w has 0 tensors named regressor.weight; a vision transformer has one");
  make(&w, "regressor");
  w.values[30] = INFINITY;
  refuse(&w,
         "w: tensor embeddings.cls_token has a number that is not finite; export another "
         "epoch");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_land_in_our_order),
      cmocka_unit_test(the_trunk_comes_alone),
      cmocka_unit_test(what_does_not_fit_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
