/* Finding another project's shared library when a study asks for it, so that the program
 * starts without it and takes the copy that is meant. */
#ifndef HR_METHODS_SHARED_LIBRARY_H
#define HR_METHODS_SHARED_LIBRARY_H

#include "core/error.h"

/* Which library, and where it may be. Names are borrowed. */
typedef struct hr_shared_library {
  const char *name;     /* for messages: "LightGBM" */
  const char *remedy;   /* the same, what to do where it is missing */
  const char *variable; /* of the environment, that names a file or folder */
  const char *file;     /* as the system's loader knows it */
  const char *wheel;    /* the folder that a wheel has it in: "lightgbm/lib" */
  const char *package;  /* beside the file that holds this code, where that is a Python
                           package: "lightgbm" */
  const char *libdir, *installed, *built; /* where it is installed below a prefix; where
                                             this build installs it, and has it */
} hr_shared_library;

/* Whether an opened library can be used; HR_ERR_MISSING with a sentence that names the
 * path where not. */
typedef hr_status (*hr_shared_accept)(void *context, void *handle, const char *path,
                                      hr_error *err);

/* Opens the one that the variable names, and no other where that is set; else the first
 * that can be used of $CONDA_PREFIX/lib, the copy that was installed or built with the
 * program, and the system's. HR_ERR_MISSING with the reason where there is none. *handle
 * is for dlclose, which leaves the library's code where it is: its threads may hold data
 * of their own when the last study is done. */
hr_status hr_shared_library_open(const hr_shared_library *what, hr_shared_accept accept,
                                 void *context, void **handle,
                                 hr_error *err) HR_MUST_CHECK;

#endif
