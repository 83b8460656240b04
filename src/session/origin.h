/* Which study a run directory is of: what is compared before a run goes on, and written
 * into manifest.json. */
#ifndef HR_SESSION_ORIGIN_H
#define HR_SESSION_ORIGIN_H

#include "config/config.h"

typedef struct hr_origin {
  const hr_config *config; /* borrowed */
  /* Of the configuration (less `run:`) and the data: labels, wavelengths, sizes of files
   * and some of the spectra; hexadecimal. */
  char fingerprint[17];
  size_t train_rows, test_rows, pixels;
  hr_strings label_files; /* with tables of labels, each once; borrowed */
} hr_origin;

#endif
