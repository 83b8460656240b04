/* The convolutional network as a kind: its words in a file, "hrcnn/1\n". */
#include "nn/net_kind.h"

#include <math.h>

/* The words of the file. */
enum {
  PIXELS,
  BLOCKS,
  KERNEL,
  POOL,
  HIDDEN,
  FLAGS,
  TARGET_MEAN,
  TARGET_DEVIATION,
  CHANNELS,
  WORDS = CHANNELS + HR_MOST_BLOCKS
};

/* Of the word FLAGS. */
enum { BATCH_NORM = 1, BF16 = 2, ALL_FLAGS = BATCH_NORM | BF16 };

static void write_words(const hr_net_design *design, uint64_t *words) {
  const hr_network_shape *shape = &design->shape.cnn;
  words[PIXELS] = shape->pixels;
  words[BLOCKS] = shape->blocks;
  words[KERNEL] = shape->kernel;
  words[POOL] = shape->pool;
  words[HIDDEN] = shape->hidden;
  bool is_bf16 = design->backend.cnn.convolver->is_bf16;
  words[FLAGS] = (shape->batch_norm ? BATCH_NORM : 0) | (is_bf16 ? BF16 : 0);
  for (size_t b = 0; b < shape->blocks; b++) words[CHANNELS + b] = shape->channels[b];
}

static void choose(hr_net_design *design, bool bf16) {
  const hr_convolver *convolver = bf16 ? hr_convolver_bf16() : NULL;
  if (!convolver) convolver = hr_convolver_fp32();
  if (!convolver) convolver = &hr_convolver_reference;
  design->backend.cnn = (hr_network_backend){convolver, hr_compute_default()};
}

static bool read_words(const uint64_t *words, hr_net_design *design) {
  enum { MOST = 1 << 24 };
  hr_network_shape *shape = &design->shape.cnn;
  hr_error reason;
  bool good = words[BLOCKS] <= HR_MOST_BLOCKS && words[FLAGS] <= ALL_FLAGS;
  *shape = (hr_network_shape){.pixels = words[PIXELS],
                              .blocks = words[BLOCKS],
                              .kernel = words[KERNEL],
                              .pool = words[POOL],
                              .hidden = words[HIDDEN],
                              .batch_norm = words[FLAGS] & BATCH_NORM};
  for (size_t i = 0; i < WORDS && good; i++) {
    bool is_number = i == TARGET_MEAN || i == TARGET_DEVIATION;
    bool is_used = i < CHANNELS + words[BLOCKS] && i != FLAGS && !is_number;
    good = !is_used || (words[i] >= 1 && words[i] <= MOST);
  }
  for (size_t b = 0; b < HR_MOST_BLOCKS && good; b++) {
    shape->channels[b] = words[CHANNELS + b];
  }
  if (!design->backend.cnn.convolver) choose(design, words[FLAGS] & BF16);
  return good && hr_network_check(shape, &reason) == HR_OK;
}

static bool is_bf16(const hr_net_design *design) {
  return design->backend.cnn.convolver->is_bf16;
}

static const char *engine(const hr_net_design *design) {
  return design->backend.cnn.convolver->name;
}

static uint64_t add_training(uint64_t print, const hr_net_design *design) {
  (void)design; /* nothing is */
  return print;
}

static void set_outputs(hr_net_design *design, size_t outputs) {
  design->shape.cnn.outputs = outputs;
}

static hr_status check(const hr_net_design *design, hr_error *err) {
  return hr_network_check(&design->shape.cnn, err);
}

static size_t parameter_count(const hr_net_design *design) {
  return hr_network_parameter_count(&design->shape.cnn);
}

/* A part of them is counted first, as the whole of any shape would overflow. */
static double least_values(const hr_net_design *design) {
  const hr_network_shape *shape = &design->shape.cnn;
  double inputs = 1, count = 2 * (double)shape->pixels + (double)shape->hidden;
  for (size_t b = 0; b < shape->blocks; b++) {
    count += (double)shape->kernel * inputs * (double)shape->channels[b];
    inputs = (double)shape->channels[b];
  }
  count += inputs * (double)shape->hidden;
  return count > 0x1p38 ? count : fmax(count, (double)parameter_count(design));
}

static double operations(const hr_net_design *design) {
  return hr_network_operations(&design->shape.cnn);
}

static double bytes(const hr_net_design *design, size_t rows, bool learns) {
  (void)learns; /* it has room for both */
  return hr_network_bytes(&design->shape.cnn, rows);
}

static hr_status create(const hr_net_design *design, size_t most_rows, hr_net **out,
                        hr_error *err) {
  hr_network *network = NULL;
  hr_status status = hr_network_create(&design->shape.cnn, most_rows,
                                       &design->backend.cnn, &network, err);
  if (status == HR_OK) *out = hr_network_net(network);
  return status;
}

static void take_output(hr_net *from, size_t output, hr_net *to) {
  hr_network_take_output(hr_network_of(from), output, hr_network_of(to));
}

const hr_net_kind hr_net_kind_cnn = {
    .name = "cnn",
    .file_kind = "hrcnn/1\n",
    .noun = "network",
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
