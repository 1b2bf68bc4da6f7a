/* A shared object that is no plugin. */
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void onLoad(void) {
    const char *const path = getenv("SARA_WRONG_MARKS");
    FILE *const marks = path != NULL ? fopen(path, "a") : NULL;
    if (marks == NULL) return;
    fputs("no-entry loaded\n", marks);
    fclose(marks);
}
__attribute__((visibility("default"))) int answer(void) { return 42; }
