/* The data files as bytes of the program, so that no path has to be found when it runs.
 */
#include "simulate/embedded.h"

/* .incbin, because a C array of 8 MB takes compilers a gigabyte and half a minute. The
 * paths are absolute, given by CMakeLists.txt, which also rebuilds this file when the
 * data change. */
#if !defined HR_DATA_FILE || !defined HR_MODELS_FILE
#error "define HR_DATA_FILE and HR_MODELS_FILE as the paths of the data's two files"
#endif

#define EMBED(name, path)      \
  __asm__(                     \
      ".pushsection .rodata\n" \
      ".balign 64\n"           \
      ".globl " name           \
      "_begin\n"               \
      ".hidden " name          \
      "_begin\n"               \
      ".globl " name           \
      "_end\n"                 \
      ".hidden " name          \
      "_end\n"                 \
      "" name                  \
      "_begin:\n"              \
      ".incbin \"" path        \
      "\"\n"                   \
      "" name                  \
      "_end:\n"                \
      ".byte 0\n"              \
      ".popsection\n")

#define HIDDEN __attribute__((visibility("hidden")))

EMBED("hr_embedded", HR_DATA_FILE);
EMBED("hr_embedded_models", HR_MODELS_FILE);

extern const unsigned char hr_embedded_begin[] HIDDEN, hr_embedded_end[] HIDDEN;
extern const unsigned char hr_embedded_models_begin[] HIDDEN;
extern const unsigned char hr_embedded_models_end[] HIDDEN;

const void *hr_embedded_data(size_t *size) {
  *size = (size_t)(hr_embedded_end - hr_embedded_begin);
  return hr_embedded_begin;
}

const void *hr_embedded_models(size_t *size) {
  *size = (size_t)(hr_embedded_models_end - hr_embedded_models_begin);
  return hr_embedded_models_begin;
}
