/* What an ONNX file consists of, for telling whether it changed: its own bytes, and those
 * of the files beside it that have its weights (PyTorch writes FILE.data). */
#ifndef HR_METHODS_OUTSIDE_ONNX_FILE_H
#define HR_METHODS_OUTSIDE_ONNX_FILE_H

#include <stdint.h>

#include "core/text.h"

/* A fingerprint of all these bytes. Files beside it that are not there are passed over,
 * since whoever loads the model refuses them. Statuses as hr_file_read; HR_ERR_DATA where
 * the weights are in more than 10000 files. */
hr_status hr_onnx_file_print(const char *path, uint64_t *out,
                             hr_error *err) HR_MUST_CHECK;

/* The names of these files beside it, as paths from its folder, each once, appended.
 * Statuses as hr_onnx_file_print. */
hr_status hr_onnx_file_list(const char *path, hr_strings *out,
                            hr_error *err) HR_MUST_CHECK;

/* The path of such a file; to be freed with hr_free. HR_ERR_MEMORY. */
hr_status hr_onnx_file_beside(const char *path, const char *name, char **out,
                              hr_error *err) HR_MUST_CHECK;

#endif
