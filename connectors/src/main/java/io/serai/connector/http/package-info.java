/** JSON over HTTP: what a connector.yaml declares is read into records once, and runs without looking at the file again. */
package io.serai.connector.http;
