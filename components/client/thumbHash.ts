/** In a file of its own, so that it is loaded only to blur a picture. The build puts the decoder's code into this file. */
export { thumbHashToDataURL } from 'thumbhash';
