/* A vision transformer for spectra (nn/vit.h), by default SpecViT's architecture and
 * training: one model of all rows, and where that is asked for others of single bins
 * (methods/net/learner.h).
 *
 * Its weights may begin with those of a training elsewhere, exported as safetensors
 * (nn/vit_tensors.h). Such a network was trained on flux as it was in files; so that is
 * what it then takes here, where it else takes each pixel in units of its deviation. */
#ifndef HR_METHODS_VIT_VIT_H
#define HR_METHODS_VIT_VIT_H

#include "methods/net/learner.h"

typedef struct hr_vit_parameters {
  int64_t patch_size; /* pixels */
  int64_t hidden_size, num_hidden_layers, num_attention_heads, intermediate_size;
  int64_t head_hidden_size; /* 0: heads are linear */
  double dropout, attention_dropout;
  char *input; /* "auto", as where it is NULL, "scaled" or "raw" */
  char *start; /* a file of weights, or NULL */
  hr_net_settings training;
} hr_vit_parameters;

extern const hr_method hr_vit_method;
extern const hr_net_method hr_vit_networks;

#endif
