/* The kinds of gates there are, and their parameters as tables of fields: the section
 * `gates` of a configuration. */
#ifndef HR_ROUTING_GATE_KINDS_H
#define HR_ROUTING_GATE_KINDS_H

#include "core/field.h"
#include "features/gate_table.h"
#include "routing/gate_mixing.h"

/* The first member of every kind's parameters. */
typedef struct hr_gate_parameters {
  char *mixing;          /* HR_MIXING_CHOICES */
  double fallback_below; /* of the largest weight; with mixing "fallback" alone */
} hr_gate_parameters;

/* The second one's of those that are trained. */
typedef struct hr_gate_inputs {
  char *features;     /* HR_GATE_TABLE_CHOICES */
  int64_t components; /* in place of the table's; -1: as many as it says */
  int64_t most_rows;  /* training rows that are kept */
  int64_t trunk;      /* components of the shared trunk's hidden vector; 0: none */
} hr_gate_inputs;

typedef struct hr_gate_bayes_parameters {
  hr_gate_parameters common;
} hr_gate_bayes_parameters;

typedef struct hr_gate_logistic_parameters {
  hr_gate_parameters common;
  hr_gate_inputs inputs;
  double C;
} hr_gate_logistic_parameters;

typedef struct hr_gate_mlp_parameters {
  hr_gate_parameters common;
  hr_gate_inputs inputs;
  hr_numbers hidden; /* units of each hidden layer */
  double learning_rate;
  int64_t batch, epochs, patience;
  int64_t most_asked; /* rows that the experts of other bins are asked about, where one of
                         them takes long */
} hr_gate_mlp_parameters;

typedef struct hr_gate_kind {
  const char *name;    /* in configurations and files: "logistic" */
  const char *title;   /* in tables: "Logistic gate" */
  const char *summary; /* one sentence for help and report */
  size_t parameters_size;
  const hr_field *fields;
  size_t field_count;
} hr_gate_kind;

extern const hr_gate_kind hr_gate_bayes_kind, hr_gate_logistic_kind, hr_gate_mlp_kind;

/* Every kind, in the order of tables; and the one of that name, or NULL. */
const hr_gate_kind *const *hr_gate_kinds(size_t *count);
const hr_gate_kind *hr_gate_kind_find(const char *name);

/* The inputs of parameters of that kind; NULL: it is not trained, and has none. */
const hr_gate_inputs *hr_gate_kind_inputs(const hr_gate_kind *kind,
                                          const void *parameters);

/* The table that the inputs ask for. */
hr_gate_table hr_gate_inputs_table(const hr_gate_inputs *inputs);

#endif
