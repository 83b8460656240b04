/* One network: its training with the remedies, for one target or for several. */
#ifndef HR_METHODS_NET_TRAIN_H
#define HR_METHODS_NET_TRAIN_H

#include "methods/net/rows.h"

/* Rows a network is trained on at least, and rows held out at least. */
enum { HR_NET_FEWEST_TRAINED = 10, HR_NET_FEWEST_HELD_OUT = 2 };

/* What an output of a network learns. */
typedef struct hr_net_output {
  size_t label; /* of the rows' */
  int slot;     /* whose rows alone it learns from; HR_GLOBAL: from all that are kept */
  hr_trained
      *out; /* the model of it and what is known of that; NULL: it is learnt beside */
} hr_net_output;

/* What a network is trained for; borrowed. */
typedef struct hr_net_training {
  const hr_net_method *method;
  const void *parameters;          /* of the method */
  const hr_net_settings *settings; /* those of them that all methods have, or others */
  const hr_net_design *design;     /* whose back ends are used */
  hr_net_rows *rows;
  const hr_net_output *outputs; /* [output_count], `models` of them with `out` first */
  size_t models, output_count;
  size_t state_target; /* under which its state is kept */
} hr_net_training;

/* Trains: a model of each output that has one and what is known of it, added to the fit,
 * also remedies where it fails. The rows stay, and so does the state of the training
 * (hr_store), until somebody removes it. HR_ERR_NUMERIC, HR_ERR_MEMORY: there is no
 * model; HR_ERR_INTERRUPTED, HR_ERR_IO. */
hr_status hr_net_train(const hr_net_training *training, hr_progress *progress,
                       hr_error *err) HR_MUST_CHECK;

#endif
