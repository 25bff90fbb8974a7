// @peculiar/x509 2 depends on tsyringe, which throws at load unless this has been loaded before it.
// An import of its own keeps the order: a file's imports run in the order in which they are written.
import "reflect-metadata";
