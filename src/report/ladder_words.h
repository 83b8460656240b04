/* The ladder in words: is it the mixture? */
#ifndef HR_REPORT_LADDER_WORDS_H
#define HR_REPORT_LADDER_WORDS_H

#include "core/text.h"
#include "report/reader.h"

/* Appends what of the gain is a better model, what the mixture and what is left to the
 * noise, in the report's language, without a line end. Nothing where the hybrid has no R²
 * (others say why) and for results of earlier versions. */
void hr_ladder_tell(hr_reader *reader, hr_text *out);

/* "Is it the mixture?" in the report's language. */
const char *hr_ladder_question(hr_reader *reader);

#endif
