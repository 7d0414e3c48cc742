// A program that does nothing, for the cost of starting one.
int main(void) { return 0; }
