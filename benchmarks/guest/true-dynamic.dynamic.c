// A program that does nothing, with a C library to load. The loader's path is one that is there natively as well.
// flags: -Wl,--dynamic-linker=@CACHE@/root/lib/ld-musl-x86_64.so.1
int main(void) { return 0; }
