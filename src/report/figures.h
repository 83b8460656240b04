/* The figures of the report: drawn from results.json, and from the rows behind it where a
 * figure shows stars. Each comes as PNG, SVG and PDF, and with the numbers drawn as CSV.
 */
#ifndef HR_REPORT_FIGURES_H
#define HR_REPORT_FIGURES_H

#include "report/canvas.h"
#include "report/rows.h"
#include "report/table.h"

typedef struct hr_figure {
  const char *name;    /* of the files, without suffix */
  const char *caption; /* in the report's language */
  double height;       /* of the page, pt */
  hr_bytes png, svg, pdf;
  hr_text csv;
} hr_figure;

enum { HR_FIGURES_MOST = 12 };

typedef struct hr_figures {
  hr_figure items[HR_FIGURES_MOST];
  size_t count; /* one that would show nothing is left out: R2 by bin where no expert has
                   any, the gain where no bin has one, the ladder where no rung has an R2,
                   R2 by SNR where the test rows have no snr, training curves where no
                   expert has any, calibration where nobody has a sigma, gates where there
                   are none, truth and prediction where no covered row has both, residuals
                   where hardly a row is covered */
  hr_text
      unknown; /* characters that no installed font has, each once; bytes NULL: none */
} hr_figures;

/* Draws all figures; nothing is written to disk. HR_ERR_FORMAT, naming the key, where
 * results.json lacks something; HR_ERR_MEMORY. */
hr_status hr_figures_init(hr_figures *figures, hr_reader *reader, const hr_rows *rows,
                          hr_error *err) HR_MUST_CHECK;
void hr_figures_fini(hr_figures *figures);

/* The characters that no font has, for a person: "'U+E000', '冷'"; appended. */
void hr_figures_list_unknown(const hr_figures *figures, hr_text *out);

#endif
