/* The vision transformer as a kind: what its words tell, and what they cannot. */
#include "nn/net_kind.h"

#include <string.h>

#include "support/check.h"

enum { PIXELS = 20 };

static const hr_net_kind *const kind = &hr_net_kind_vit;
static const uint64_t good[HR_NET_MOST_WORDS] = {PIXELS, 5, 8, 2, 2, 12};

static void words_come_back(void **state) {
  (void)state;
  uint64_t words[HR_NET_MOST_WORDS] = {0};
  hr_net_design design = {.kind = kind};
  assert_true(kind->read(good, &design));
  kind->write(&design, words);
  assert_memory_equal(words, good, sizeof words);
  words[6] = 24 << 8; /* a hidden layer of each head */
  uint64_t again[HR_NET_MOST_WORDS] = {0};
  assert_true(kind->read(words, &design));
  assert_int_equal(design.shape.vit.head_hidden, 24);
  kind->write(&design, again);
  assert_memory_equal(words, again, sizeof words);
}

static void what_is_no_network_is_told(void **state) {
  (void)state;
  const uint64_t bad[][2] = {
      {0, 0},       {0, 21},          {1, 0},          {1, 7},
      {2, 0},       {2, 9},           {3, 0},          {4, 0},
      {4, 3},       {5, 0},           {5, 1 << 17},    {6, 2},
      {6, 1 << 25}, {6, 24 << 8 | 2}, {3, UINT64_MAX}, {0, (uint64_t)1 << 40}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    uint64_t words[HR_NET_MOST_WORDS];
    hr_net_design design = {.kind = kind};
    memcpy(words, good, sizeof words);
    words[bad[i][0]] = bad[i][1];
    assert_false(kind->read(words, &design));
  }
}

/* What was trained in bf16 predicts so wherever the processor can, and back ends that are
 * there stay. */
static void the_precision_is_kept(void **state) {
  (void)state;
  uint64_t words[HR_NET_MOST_WORDS] = {0};
  const hr_products *const products[] = {&hr_products_compute, hr_products_bf16()};
  const hr_products *const expected[] = {hr_products_fp32(), hr_products_bf16()};
  for (size_t i = 0; i < 2; i++) {
    hr_net_design design = {.kind = kind}, again = {.kind = kind};
    if (!products[i]) continue;
    assert_true(kind->read(good, &design));
    design.backend.vit.products = products[i];
    assert_int_equal(kind->is_bf16(&design), i == 1);
    assert_string_equal(kind->engine(&design), products[i]->name);
    kind->write(&design, words);
    assert_true(kind->read(words, &again));
    assert_ptr_equal(again.backend.vit.products, expected[i]);
    assert_true(kind->read(good, &design));
    assert_ptr_equal(design.backend.vit.products, products[i]);
  }
}

static void a_shape_is_counted(void **state) {
  (void)state;
  hr_error err;
  hr_net *net = NULL;
  hr_net_design design = {.kind = kind};
  assert_true(kind->read(good, &design));
  kind->set_outputs(&design, 3);
  check_ok(kind->check(&design, &err));
  check_ok(kind->create(&design, 4, &net, &err));
  assert_int_equal(net->outputs, 3);
  assert_int_equal(net->parameter_count, kind->parameter_count(&design));
  assert_string_equal(net->type->kind, kind->name);
  assert_true(kind->least_values(&design) >= (double)net->parameter_count);
  assert_true(kind->operations(&design) > 2 * PIXELS);
  assert_true(kind->bytes(&design, 16, true) >= kind->bytes(&design, 16, false));
  assert_true(kind->bytes(&design, 1, false) >
              (double)(net->parameter_count * sizeof(float)));
  net->type->destroy(&net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_come_back),
      cmocka_unit_test(what_is_no_network_is_told),
      cmocka_unit_test(the_precision_is_kept),
      cmocka_unit_test(a_shape_is_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
