/* A model that was trained elsewhere, which the study has the predictions of: a ViT in
 * PyTorch, a pipeline's catalogue. It is a model of all rows that says what its file says
 * of each test row; the study judges it on the same rows as every other. Nothing is
 * trained, nothing validated, and nothing can be predicted with it. */
#ifndef HR_METHODS_OUTSIDE_OUTSIDE_H
#define HR_METHODS_OUTSIDE_OUTSIDE_H

#include "methods/method.h"

/* experts.NAME in the configuration, NAME being none of the registry's. */
typedef struct hr_outside_parameters {
  char *predictions; /* the file; absolute */
  char *column;      /* "{target}" in it stands for the target */
  char *id;          /* a column of the file and of the test set's labels; NULL: none */
  char *title;       /* NULL: the name */
} hr_outside_parameters;

/* A table of the methods' kind for one such model. */
typedef struct hr_outside_method {
  hr_method method; /* its name and title are the two below */
  char name[32], title[64];
} hr_outside_method;

/* Fields of the parameters, for any name; begins with "predictions". */
extern const hr_method hr_outside_method_of_any_name;

/* Whether a model may be called so: a letter, then up to 30 small letters, digits and
 * '_', and none of the words that names of forecasts are made of. */
bool hr_outside_name_is_good(const char *name);

/* To be freed with hr_free. HR_ERR_MEMORY. */
hr_status hr_outside_method_create(const char *name, hr_outside_method **out,
                                   hr_error *err) HR_MUST_CHECK;

/* Calls it `title` in tables and figures. */
void hr_outside_method_set_title(hr_outside_method *method, const char *title);

/* Whether a method is of this kind. */
bool hr_method_is_outside(const hr_method *method);

#endif
