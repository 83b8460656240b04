/* Parameters that methods which train networks have alike, for their tables of fields.
 * Who uses them defines SETTING(member): the name and the offset of a member of its
 * hr_net_settings (methods/net/learner.h). What differs between the methods (rates,
 * remedies, precision, bins) stands in their own tables. */
#ifndef HR_METHODS_NET_FIELDS_H
#define HR_METHODS_NET_FIELDS_H

#include <math.h>

#include "core/field.h"

/* clang-format takes the macros' braces for blocks of code. */
/* clang-format off */
/* How long, and in which steps. */
#define HR_NET_FIELDS_STEPS                                                             \
  {SETTING(epochs), .kind = HR_FIELD_INTEGER, .default_text = "50", .minimum = 1,       \
   .maximum = 1e6, .help = "Passes over the training rows."},                           \
  {SETTING(batch_size), .kind = HR_FIELD_INTEGER, .default_text = "256", .minimum = 1,  \
   .maximum = 1e9, .help = "Rows a step, at most."}

#define HR_NET_FIELD_WEIGHT_DECAY                                                       \
  {SETTING(weight_decay), .kind = HR_FIELD_NUMBER, .default_text = "0.01",              \
   .minimum = 0, .maximum = INFINITY,                                                   \
   .help = "The share of each weight, times the learning rate, that a step takes off "  \
           "it (AdamW)."}

/* Epochs at the beginning and at the end; their defaults, as text. */
#define HR_NET_FIELDS_EPOCHS(warmup_text, patience_text)                                \
  {SETTING(warmup), .kind = HR_FIELD_INTEGER, .default_text = warmup_text,              \
   .minimum = 0, .maximum = 1e6, .help = "Epochs over which the learning rate rises."}, \
  {SETTING(patience), .kind = HR_FIELD_INTEGER, .default_text = patience_text,          \
   .minimum = 0, .maximum = 1e6,                                                        \
   .help = "Epochs without a better validation after which training ends; 0: never."}

#define HR_NET_FIELD_REDRAW                                                             \
  {SETTING(redraw), .kind = HR_FIELD_BOOL, .default_text = "true",                      \
   .help = "Whether each epoch draws the training rows' noise anew; false: the one "    \
           "draw that all experts see."}

/* Of the network of all rows. */
#define HR_NET_FIELDS_OF_ALL_ROWS                                                       \
  {SETTING(global_rows), .kind = HR_FIELD_INTEGER, .default_text = "0", .minimum = 0,   \
   .maximum = HR_FIELD_MOST_INTEGER, .only_with = "global", .only_where = "true",       \
   .help = "The most rows that the network of all rows is trained on, those held out "  \
           "included, drawn at random; 0: all."},                                       \
  {SETTING(global_epochs), .kind = HR_FIELD_INTEGER, .default_text = "0",               \
   .minimum = 0, .maximum = 1e6, .only_with = "global", .only_where = "true",           \
   .help = "Passes of the network of all rows; 0: as many as `epochs`."}
/* clang-format on */

#endif
