/* The kinds of network that a model can be of, each a table of what is its own: how a
 * network of the kind is made, and how its shape stands in the words of a file
 * (nn/net_model.h). */
#ifndef HR_NN_NET_KIND_H
#define HR_NN_NET_KIND_H

#include "nn/network.h"
#include "nn/vit.h"

typedef struct hr_net_kind hr_net_kind;

/* What a network is made from. */
typedef struct hr_net_design {
  const hr_net_kind *kind;
  union { /* the shape, of that kind */
    hr_network_shape cnn;
    hr_vit_shape vit;
  } shape;
  union { /* what computes, of that kind; borrowed */
    hr_network_backend cnn;
    hr_vit_backend vit;
  } backend;
} hr_net_design;

enum { HR_NET_MOST_WORDS = 24 };

struct hr_net_kind {
  const char *name;      /* "cnn": its file is model.cnn */
  const char *file_kind; /* the first 8 characters of it */
  const char *noun;      /* in sentences: "network" */
  size_t word_count;     /* of the file, at most HR_NET_MOST_WORDS; the first is the
                            number of pixels */
  size_t target_word;    /* that has the target's mean; the next has its deviation */

  /* Puts shape and precision into the other words, which are 0. */
  void (*write)(const hr_net_design *design, uint64_t *words);
  /* Takes both out of them, as a network of one output; back ends by `choose`, unless
   * there are some. false: there is no such network. */
  bool (*read)(const uint64_t *words, hr_net_design *design);

  /* The fastest back ends of this build and processor, in bf16 where that is asked for
   * and they have it, else in fp32. */
  void (*choose)(hr_net_design *design, bool bf16);
  bool (*is_bf16)(const hr_net_design *design);
  /* The name of what multiplies, which tells the precision. */
  const char *(*engine)(const hr_net_design *design);
  /* Adds to a print what of the shape is training's alone, and in no file. */
  uint64_t (*add_training)(uint64_t print, const hr_net_design *design);
  void (*set_outputs)(hr_net_design *design, size_t outputs);

  /* Refuses, HR_ERR_CONFIG, a shape of which there is no network. */
  hr_status (*check)(const hr_net_design *design, hr_error *err);
  /* Of a shape that passed the check: the number of parameters; in doubles, so that
   * nothing overflows, values that a file of it has at least; floating point operations
   * to predict a row (training takes three times that); bytes of a network for batches of
   * `rows`, which learns or only predicts. */
  size_t (*parameter_count)(const hr_net_design *design);
  double (*least_values)(const hr_net_design *design);
  double (*operations)(const hr_net_design *design);
  double (*bytes)(const hr_net_design *design, size_t rows, bool learns);

  /* A network for batches of up to `most_rows`, its parameters 0; hr_net's `destroy`
   * frees it. HR_ERR_CONFIG as the check, HR_ERR_NUMERIC, HR_ERR_MEMORY. */
  hr_status (*create)(const hr_net_design *design, size_t most_rows, hr_net **out,
                      hr_error *err);
  /* Puts the numbers of `from` into `to`, a network of the same shape but for its one
   * output, which becomes `output` of the other's. */
  void (*take_output)(hr_net *from, size_t output, hr_net *to);
};

extern const hr_net_kind hr_net_kind_cnn, hr_net_kind_vit;

/* All of them. */
const hr_net_kind *const *hr_net_kinds(size_t *count);

#endif
