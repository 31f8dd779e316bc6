/**
 * The version of the requests and replies between the parts of the server: a Worker and the objects of its queues. While a
 * deployment goes on, parts of two versions run at once. It grows by one with a release in which is anything that an older part
 * would not understand: a new verb, a new field, a new form of what queues send each other.
 */
export const API_VERSION = 1;
