import { writeFileSync } from 'node:fs';
import { API_PAGE, apiPage } from './apiPage.ts';

writeFileSync(API_PAGE, apiPage());
