// Nothing: the smallest program that a C library makes.
int main(void)
{
    return 0;
}
