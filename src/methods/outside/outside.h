/* A model that was trained elsewhere: a ViT in PyTorch, a pipeline's catalogue. The study
 * has its predictions, and it is a model of all rows, or of some bins, that says what its
 * file says of each test row; or the network itself in ONNX, which is run on the noisy
 * test rows (onnx_model.h). The study judges it on the same rows as every other. Nothing
 * is trained, and no bundle has it. What it predicted of training rows out of fold, by
 * its author's word, is its validation; without that it competes with nobody. */
#ifndef HR_METHODS_OUTSIDE_OUTSIDE_H
#define HR_METHODS_OUTSIDE_OUTSIDE_H

#include "methods/method.h"

/* experts.NAME in the configuration, NAME being none of the registry's. */
typedef struct hr_outside_parameters {
  char *predictions; /* the file; absolute. NULL: there is `onnx` */
  char *onnx;        /* the network's file; absolute. NULL: there are predictions */
  char *input;       /* "flux" | "flux_error": what it is given */
  char *output;      /* the name of the output; NULL: the only one */
  hr_numbers scale; /* offset and factor of each target: label = offset + factor output */
  char *column;     /* "{target}" in it stands for the target; NULL: that alone */
  char *id;         /* a column of the file and of the labels; NULL: none */
  char *validation; /* the file of predictions of training rows; absolute. NULL: none */
  char *sigma;      /* a column, {target} as above, or an output; NULL: it states none */
  hr_numbers bins;  /* that it is for; none: it is a model of all rows */
  char *title;      /* NULL: the name */
} hr_outside_parameters;

/* The fewest training rows that a validation R2 is taken over. */
enum { HR_OUTSIDE_FEWEST_ROWS = 20 };

/* The most of a title, that tables and legends have room for. */
enum { HR_OUTSIDE_TITLE_CHARACTERS = 40, HR_OUTSIDE_TITLE_BYTES = 80 };

/* A table of the methods' kind for one such model. */
typedef struct hr_outside_method {
  hr_method method; /* its name and title are the two below */
  char name[32], title[HR_OUTSIDE_TITLE_BYTES + 1];
} hr_outside_method;

/* All fields of the parameters, for any name; a model has those of its kind. */
extern const hr_method hr_outside_method_of_any_name;

/* Whether a model may be called so: a letter, then up to 30 small letters, digits and
 * '_', and none of the words that names of forecasts are made of. */
bool hr_outside_name_is_good(const char *name);

/* run: the network is, by ONNX Runtime. To be freed with hr_free. HR_ERR_MEMORY. */
hr_status hr_outside_method_create(const char *name, bool run, hr_outside_method **out,
                                   hr_error *err) HR_MUST_CHECK;

/* A model of bins has no model of all rows. */
void hr_outside_method_set_bins(hr_outside_method *method, bool has_bins);

/* Whether it is for the bin, or with HR_GLOBAL for all rows. */
bool hr_outside_is_for(const hr_outside_parameters *parameters, int slot);

/* Calls it `title` in tables and figures; HR_ERR_CONFIG where it is too long, with what
 * is wrong behind the key's name. */
hr_status hr_outside_method_set_title(hr_outside_method *method, const char *title,
                                      hr_error *err) HR_MUST_CHECK;

/* Whether a title is one that tables and figures have for something else: a rung, a
 * ceiling, or what is made of models ("Global Ridge", "Ridge-Oracle", "Hybrid, Bayes
 * gate"), in either language of a report and in any case of letters. */
bool hr_outside_title_is_taken(const char *title);

/* Whether a method is of this kind. */
bool hr_method_is_outside(const hr_method *method);

#endif
