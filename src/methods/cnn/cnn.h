/* 1D-CNN: a small convolutional network along the wavelength (nn/network.h), trained for
 * the bins that are asked for, and where that is asked for on all rows
 * (methods/net/learner.h). A second training has batch normalisation. */
#ifndef HR_METHODS_CNN_CNN_H
#define HR_METHODS_CNN_CNN_H

#include "methods/net/learner.h"

typedef struct hr_cnn_parameters {
  hr_numbers channels; /* of each convolution */
  int64_t kernel_size; /* pixels */
  int64_t pool_size;
  int64_t fc_dim;
  bool batch_norm;
  hr_net_settings training; /* its rate falls to 0, and gradients are not clipped */
} hr_cnn_parameters;

extern const hr_method hr_cnn_method;
extern const hr_net_method hr_cnn_networks;

#endif
