/* Rewrites 64 MiB without pause, each time with other bytes: the guest that pre-copy finds hard. */
#include <stdint.h>
#include <stdlib.h>

enum { BYTES = 64 << 20 };

int main(void)
{
    volatile uint64_t *memory = malloc(BYTES);
    if (!memory)
        return 1;
    for (uint64_t turn = 1;; turn++)
        for (size_t i = 0; i < BYTES / sizeof *memory; i++)
            memory[i] = turn * 0x9e3779b97f4a7c15u + i;
}
