/* The list of doubts, and the names of their codes. */
#include "data/doubts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

#define DOUBT_TEXT(name, code, says) code,
static const char *const texts[HR_DOUBT_COUNT] = {HR_DOUBT_LIST(DOUBT_TEXT)};
#undef DOUBT_TEXT

const char *hr_doubt_text(hr_doubt_code code) {
  return texts[code];
}

bool hr_doubt_find(const char *text, hr_doubt_code *out) {
  for (size_t code = 0; code < HR_DOUBT_COUNT; code++) {
    if (strcmp(texts[code], text) != 0) continue;
    *out = (hr_doubt_code)code;
    return true;
  }
  return false;
}

hr_status hr_doubts_add(hr_doubts *doubts, hr_doubt_code code, bool refuses,
                        hr_error *err, const char *format, ...) {
  hr_status status = HR_OK;
  hr_error sentence = {.status = HR_OK};
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(sentence.message, sizeof sentence.message, format, arguments);
  va_end(arguments);
  HR_TRY(hr_realloc(&doubts->items, doubts->count, doubts->count + 1, err));
  hr_doubt *doubt = &doubts->items[doubts->count];
  *doubt = (hr_doubt){.code = code, .refuses = refuses};
  HR_TRY(hr_copy_text(sentence.message, &doubt->sentence, err));
  doubts->count++;
cleanup:
  return status;
}

hr_status hr_doubts_in_chinese(hr_doubts *doubts, hr_error *err, const char *format,
                               ...) {
  char *copy = NULL;
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  size_t size = (size_t)vsnprintf(NULL, 0, format, arguments) + 1;
  hr_status status = hr_alloc(&copy, size, err);
  if (status == HR_OK) {
    vsnprintf(copy, size, format, again);
    doubts->items[doubts->count - 1].chinese = copy;
  }
  va_end(again);
  va_end(arguments);
  return status;
}

void hr_doubts_fini(hr_doubts *doubts) {
  for (size_t i = 0; i < doubts->count; i++) {
    hr_free(doubts->items[i].sentence);
    hr_free(doubts->items[i].chinese);
  }
  hr_free(doubts->items);
  *doubts = (hr_doubts){0};
}
