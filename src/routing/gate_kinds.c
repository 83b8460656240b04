/* The grammar of gates. Defaults are the users' where they measured (C, hidden layers,
 * Adam's rate, epochs, patience, the threshold of falling back), and where they did not,
 * what the numbers of docs/numerics.md speak for. */
#include "routing/gate_kinds.h"

#include <math.h>
#include <string.h>

#include "routing/gate.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define MIXING_FIELDS                                                               \
  {.name = "mixing",                                                                \
   .kind = HR_FIELD_TEXT,                                                           \
   .offset = offsetof(hr_gate_parameters, mixing),                                  \
   .default_text = "soft",                                                          \
   .choices = HR_MIXING_CHOICES,                                                    \
   .help =                                                                          \
       "What is made of the weights: all experts by their weight, the one of the "  \
       "largest, or all unless the largest is small: then the model of all rows."}, \
  {                                                                                 \
    .name = "fallback_below", .kind = HR_FIELD_NUMBER,                              \
    .offset = offsetof(hr_gate_parameters, fallback_below), .default_text = "0.5",  \
    .minimum = 0, .maximum = 1, .only_with = "mixing", .only_where = "fallback",    \
    .help =                                                                         \
        "With mixing fallback: below this weight of the largest a row goes to the " \
        "model of all rows."                                                        \
  }

#define INPUT_FIELDS(type)                                                            \
  {.name = "features",                                                                \
   .kind = HR_FIELD_TEXT,                                                             \
   .offset = offsetof(type, inputs.features),                                         \
   .default_text = "default",                                                         \
   .choices = HR_GATE_TABLE_CHOICES,                                                  \
   .help =                                                                            \
       "What the gate looks at, on the noisy flux: mean, depth and equivalent width " \
       "of the Ca II triplet, Na I 8183 and 8195 and Mg I 8807, and components; or "  \
       "the 37 or 13 features of earlier studies."},                                  \
      {.name = "components",                                                          \
       .kind = HR_FIELD_INTEGER,                                                      \
       .offset = offsetof(type, inputs.components),                                   \
       .default_text = "-1",                                                          \
       .minimum = -1,                                                                 \
       .maximum = HR_GATE_MOST_COMPONENTS,                                            \
       .help =                                                                        \
           "The leading components of the training spectra among the features; -1: "  \
           "as many as the features say, 10 or 4."},                                  \
      {.name = "trunk",                                                               \
       .kind = HR_FIELD_INTEGER,                                                      \
       .offset = offsetof(type, inputs.trunk),                                        \
       .default_text = "0",                                                           \
       .minimum = 0,                                                                  \
       .maximum = HR_GATE_MOST_COMPONENTS,                                            \
       .help =                                                                        \
           "The leading components of the hidden vector of the ViT's shared trunk "   \
           "(experts.vit with heads: bins) among the features; the gate then learns " \
           "from the rows that the trunk held out alone. 0: none."},                  \
  {                                                                                   \
    .name = "most_rows", .kind = HR_FIELD_INTEGER,                                    \
    .offset = offsetof(type, inputs.most_rows), .default_text = "200000",             \
    .minimum = 1000, .maximum = 1e9,                                                  \
    .help = "The training rows that the gate learns from at most, chosen at random."  \
  }

static const hr_field bayes_fields[] = {MIXING_FIELDS};

static const hr_field logistic_fields[] = {
    {.name = "C",
     .kind = HR_FIELD_NUMBER,
     .offset = offsetof(hr_gate_logistic_parameters, C),
     .default_text = "100",
     .minimum = 1e-6,
     .maximum = 1e9,
     .help = "The weight of the training rows against the penalty of half the squared "
             "weights, as scikit-learn's C."},
    INPUT_FIELDS(hr_gate_logistic_parameters),
    MIXING_FIELDS,
};

static const hr_field mlp_fields[] = {
    {.name = "hidden",
     .kind = HR_FIELD_NUMBERS,
     .offset = offsetof(hr_gate_mlp_parameters, hidden),
     .default_text = "[32, 16]",
     .minimum = 1,
     .maximum = HR_GATE_MOST_UNITS,
     .whole = true,
     .least_count = 1,
     .help = "The units of each hidden layer, at most 7 layers."},
    {.name = "learning_rate",
     .kind = HR_FIELD_NUMBER,
     .offset = offsetof(hr_gate_mlp_parameters, learning_rate),
     .default_text = "0.001",
     .minimum = 1e-9,
     .maximum = 1,
     .help = "The rate of Adam."},
    {.name = "batch",
     .kind = HR_FIELD_INTEGER,
     .offset = offsetof(hr_gate_mlp_parameters, batch),
     .default_text = "256",
     .minimum = 1,
     .maximum = 1 << 20,
     .help = "The rows of a step."},
    {.name = "epochs",
     .kind = HR_FIELD_INTEGER,
     .offset = offsetof(hr_gate_mlp_parameters, epochs),
     .default_text = "100",
     .minimum = 1,
     .maximum = 100000,
     .help = "The passes over the rows at most."},
    {.name = "patience",
     .kind = HR_FIELD_INTEGER,
     .offset = offsetof(hr_gate_mlp_parameters, patience),
     .default_text = "10",
     .minimum = 1,
     .maximum = 100000,
     .help = "The epochs without a smaller error of the held-out rows after which "
             "training ends."},
    {.name = "most_asked",
     .kind = HR_FIELD_INTEGER,
     .offset = offsetof(hr_gate_mlp_parameters, most_asked),
     .default_text = "10000",
     .minimum = 100,
     .maximum = 1e9,
     .help = "Where the posterior mean is the expert of a bin, the training rows at most "
             "that the experts of other bins predict: it takes a comparison a bin."},
    INPUT_FIELDS(hr_gate_mlp_parameters),
    MIXING_FIELDS,
};

const hr_gate_kind hr_gate_bayes_kind = {
    .name = "bayes",
    .title = "Bayes gate",
    .summary =
        "The posterior mean's templates, their weights summed bin by bin: the "
        "probability of each bin given the spectrum and its errors.",
    .parameters_size = sizeof(hr_gate_bayes_parameters),
    .fields = bayes_fields,
    .field_count = COUNT(bayes_fields)};

const hr_gate_kind hr_gate_logistic_kind = {
    .name = "logistic",
    .title = "Logistic gate",
    .summary =
        "Multinomial logistic regression of the bin on line indices and leading "
        "components of the noisy flux, its temperature fitted on held-out rows.",
    .parameters_size = sizeof(hr_gate_logistic_parameters),
    .fields = logistic_fields,
    .field_count = COUNT(logistic_fields)};

const hr_gate_kind hr_gate_mlp_kind = {
    .name = "mlp",
    .title = "MLP gate",
    .summary =
        "A small network on the same features that minimises the squared error of "
        "the mixture of experts, which are frozen and predict out of fold.",
    .parameters_size = sizeof(hr_gate_mlp_parameters),
    .fields = mlp_fields,
    .field_count = COUNT(mlp_fields)};

static const hr_gate_kind *const kinds[] = {&hr_gate_bayes_kind, &hr_gate_logistic_kind,
                                            &hr_gate_mlp_kind};

const hr_gate_kind *const *hr_gate_kinds(size_t *count) {
  *count = COUNT(kinds);
  return kinds;
}

const hr_gate_kind *hr_gate_kind_find(const char *name) {
  for (size_t i = 0; i < COUNT(kinds); i++) {
    if (strcmp(kinds[i]->name, name) == 0) return kinds[i];
  }
  return NULL;
}

const hr_gate_inputs *hr_gate_kind_inputs(const hr_gate_kind *kind,
                                          const void *parameters) {
  if (kind == &hr_gate_logistic_kind) {
    return &((const hr_gate_logistic_parameters *)parameters)->inputs;
  }
  if (kind == &hr_gate_mlp_kind) {
    return &((const hr_gate_mlp_parameters *)parameters)->inputs;
  }
  return NULL;
}

hr_gate_table hr_gate_inputs_table(const hr_gate_inputs *inputs) {
  hr_gate_table table = *hr_gate_table_find(inputs->features);
  if (inputs->components >= 0) table.components = (size_t)inputs->components;
  return table;
}
