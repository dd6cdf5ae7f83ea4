# The Makefile of the project that the suite "untar and build" makes.
units := $(patsubst %.c,%.o,$(wildcard unit*.c))

program: main.o libunits.a
	$(CC) -o $@ main.o -L. -lunits

libunits.a: $(units)
	rm -f $@
	$(AR) rc $@ $(units)

%.o: %.c unit.h
	$(CC) -O1 -Wall -Werror -c -o $@ $<

clean:
	rm -f *.o *.a program

.PHONY: clean
