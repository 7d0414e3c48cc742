// unknown-call.tool: calls what no Linux has. Prints the errors.
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    static const long numbers[] = { 500, 500, 511, 100000, -1, 0x40000001 };
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
    {
        long result = syscall(numbers[i]);
        printf("%ld %d\n", result, errno == ENOSYS);
    }
    return 0;
}
