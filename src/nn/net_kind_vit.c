/* The vision transformer as a kind: its words in a file, "hrvit/1\n". */
#include "nn/net_kind.h"

#include "core/fingerprint.h"

/* The words of the file. */
enum {
  PIXELS,
  PATCH,
  WIDTH,
  LAYERS,
  HEADS,
  HIDDEN,
  FLAGS,
  TARGET_MEAN,
  TARGET_DEVIATION,
  WORDS
};

/* Of the word FLAGS; above its first eight bits is the width of heads' hidden layers. */
enum { BF16 = 1, HEAD_SHIFT = 8 };

static void write_words(const hr_net_design *design, uint64_t *words) {
  const hr_vit_shape *shape = &design->shape.vit;
  words[PIXELS] = shape->pixels;
  words[PATCH] = shape->patch;
  words[WIDTH] = shape->width;
  words[LAYERS] = shape->layers;
  words[HEADS] = shape->heads;
  words[HIDDEN] = shape->hidden;
  words[FLAGS] = (design->backend.vit.products->is_bf16 ? BF16 : 0) |
                 (uint64_t)shape->head_hidden << HEAD_SHIFT;
}

static void choose(hr_net_design *design, bool bf16) {
  const hr_products *products = bf16 ? hr_products_bf16() : NULL;
  if (!products) products = hr_products_fp32();
  design->backend.vit = (hr_vit_backend){products, hr_compute_default()};
}

/* Dropout is training's and not there. */
static bool read_words(const uint64_t *words, hr_net_design *design) {
  hr_error reason;
  design->shape.vit = (hr_vit_shape){.pixels = words[PIXELS],
                                     .patch = words[PATCH],
                                     .width = words[WIDTH],
                                     .layers = words[LAYERS],
                                     .heads = words[HEADS],
                                     .hidden = words[HIDDEN],
                                     .head_hidden = words[FLAGS] >> HEAD_SHIFT,
                                     .outputs = 1};
  if (!design->backend.vit.products) choose(design, words[FLAGS] & BF16);
  return (words[FLAGS] & ((1 << HEAD_SHIFT) - 1)) <= BF16 &&
         hr_vit_check(&design->shape.vit, &reason) == HR_OK;
}

static bool is_bf16(const hr_net_design *design) {
  return design->backend.vit.products->is_bf16;
}

static const char *engine(const hr_net_design *design) {
  return design->backend.vit.products->name;
}

static uint64_t add_training(uint64_t print, const hr_net_design *design) {
  const double dropout[] = {design->shape.vit.dropout,
                            design->shape.vit.attention_dropout};
  return hr_fingerprint_bytes(print, dropout, sizeof dropout);
}

static void set_outputs(hr_net_design *design, size_t outputs) {
  design->shape.vit.outputs = outputs;
}

static hr_status check(const hr_net_design *design, hr_error *err) {
  return hr_vit_check(&design->shape.vit, err);
}

static size_t parameter_count(const hr_net_design *design) {
  return hr_vit_parameter_count(&design->shape.vit);
}

static double least_values(const hr_net_design *design) {
  return (double)parameter_count(design) + 2 * (double)design->shape.vit.pixels;
}

static double operations(const hr_net_design *design) {
  return hr_vit_operations(&design->shape.vit);
}

/* Rows go through one at a time; learning adds the gradients of its shares. */
static double bytes(const hr_net_design *design, size_t rows, bool learns) {
  return hr_vit_bytes(&design->shape.vit, learns ? rows : 1);
}

static hr_status create(const hr_net_design *design, size_t most_rows, hr_net **out,
                        hr_error *err) {
  (void)most_rows;
  return hr_vit_create(&design->shape.vit, &design->backend.vit, out, err);
}

static void take_output(hr_net *from, size_t output, hr_net *to) {
  hr_vit_take_output(from, output, to);
}

const hr_net_kind hr_net_kind_vit = {
    .name = "vit",
    .file_kind = "hrvit/1\n",
    .noun = "vision transformer",
    .word_count = WORDS,
    .target_word = TARGET_MEAN,
    .write = write_words,
    .read = read_words,
    .choose = choose,
    .is_bf16 = is_bf16,
    .engine = engine,
    .add_training = add_training,
    .set_outputs = set_outputs,
    .check = check,
    .parameter_count = parameter_count,
    .least_values = least_values,
    .operations = operations,
    .bytes = bytes,
    .create = create,
    .take_output = take_output,
};
